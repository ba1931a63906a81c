package ephemeral_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/groupcommit/groupcommit/internal/ephemeral"
)

// ownerVariable makes the test binary a process that owns a server.
const ownerVariable = "EPHEMERAL_OWNER"

func TestMain(m *testing.M) {
	if os.Getenv(ownerVariable) != "" {
		os.Exit(own())
	}
	goleak.VerifyTestMain(m)
}

// own starts a server, prints its URL, and stops it at the end of the input. So it does not outlive a failed test.
func own() int {
	server, err := ephemeral.Start(context.Background(), ephemeral.Options{})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(server.URL())
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := server.Stop(context.Background()); err != nil {
		return 1
	}
	return 0
}
