package groupcommit_test

import (
	"strings"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// How reads talk to the server is the caller's choice; those that write go on as they must. Either type of data is read, and snapshots are written.
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
				config := groupcommit.Config{DatabaseURL: url + "default_query_exec_mode=" + mode, DataType: dataType, Schema: pgtest.Schema(t)}
				store := openPostgres(t, config)
				cmd := identified(groupcommit.To("a", groupcommit.Any, withData(data)))
				for range 2 {
					mustAppend(t, store, cmd)
				}
				if events := readAll(t, store); len(events) != 1 || string(events[0].Data) != data {
					t.Errorf("%s: got %+v, want one event with %q", dataType, events, data)
				}
				lengthen(t, store, "s", 0, 3)
				newTallies(1, 3).state(t, store, "s")
				awaitSnapshot(t, config.Schema, "s", 1, 3)
			}
		})
	}
}
