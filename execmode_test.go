package groupcommit_test

import (
	"strings"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// How reads talk to the server is the caller's choice; those that write go on as they must.
func TestExecModes(t *testing.T) {
	for _, mode := range []string{"cache_describe", "describe_exec", "exec", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			url := pgtest.URL(t)
			if strings.Contains(url, "?") {
				url += "&"
			} else {
				url += "?"
			}
			store := openPostgres(t, groupcommit.Config{DatabaseURL: url + "default_query_exec_mode=" + mode})
			cmd := identified(write("a"))
			for range 2 {
				mustAppend(t, store, cmd)
			}
			if n := len(readAll(t, store)); n != 1 {
				t.Errorf("%d events, want 1", n)
			}
		})
	}
}
