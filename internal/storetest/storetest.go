// Package storetest opens stores for the tests of packages that use one.
package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/groupcommit/groupcommit"
)

// Opened has the test fail unless a store was opened, and closes it when the test ends: Opened(t)(groupcommit.OpenInMemory(config)).
func Opened(tb testing.TB) func(*groupcommit.Store, error) *groupcommit.Store {
	return func(store *groupcommit.Store, err error) *groupcommit.Store {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() {
			err := store.Close(context.Background())
			if err != nil && !errors.Is(err, context.Canceled) { // as it is where the test has closed it without patience
				tb.Error(err)
			}
		})
		return store
	}
}
