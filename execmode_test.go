package groupcommit_test

import (
	"strings"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// How reads talk to the server is the caller's choice; those that write go on as they must. Either type of data is read.
func TestExecModes(t *testing.T) {
	for _, mode := range []string{"cache_describe", "describe_exec", "exec", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			url := pgtest.URL(t)
			if strings.Contains(url, "?") {
				url += "&"
			} else {
				url += "?"
			}
			for dataType, data := range map[groupcommit.DataType]string{groupcommit.DataJSONB: `"\\x00"`, groupcommit.DataBytea: "\x00\\x00"} {
				store := openPostgres(t, groupcommit.Config{DatabaseURL: url + "default_query_exec_mode=" + mode, DataType: dataType})
				cmd := identified(groupcommit.To("a", groupcommit.Any, withData(data)))
				for range 2 {
					mustAppend(t, store, cmd)
				}
				if events := readAll(t, store); len(events) != 1 || string(events[0].Data) != data {
					t.Errorf("%s: got %+v, want one event with %q", dataType, events, data)
				}
			}
		})
	}
}
