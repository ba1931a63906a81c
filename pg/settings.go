package pg

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit/command"
)

// sessionFacts is what the server says of a session of our own.
type sessionFacts struct {
	pid      uint32
	started  time.Time
	standby  bool              // the server is in recovery
	settings map[string]string // those that are checked; one that this server does not know is empty
}

// weakness is a value of a setting with which less is durable than an acknowledgement says: that a commit survives a crash of the server and
// its machine, and the loss of both where standbys are waited for.
//
// Which standbys are waited for, and whether until they have flushed (on) or only received (remote_write), is left to who runs the database.
type weakness struct {
	command.SettingError
	among string // only where this setting is not empty
}

var weaknesses = []weakness{
	{command.SettingError{
		Setting: "fsync", Value: "off",
		Detail: "a crash of the machine loses commits that were acknowledged, and may damage the database: turn it on",
	}, ""},
	{command.SettingError{
		Setting: "full_page_writes", Value: "off",
		Detail: "a crash of the machine damages pages that were being written: turn it on, unless the storage writes pages whole",
	}, ""},
	{command.SettingError{
		Setting: "synchronous_commit", Value: "off",
		Detail: "commits are acknowledged before they are flushed, and a crash loses the last ones: set it to on for this role and database",
	}, ""},
	{command.SettingError{
		Setting: "synchronous_commit", Value: "local",
		Detail: "commits are acknowledged before synchronous standbys have them, and a failover loses the last ones: set it to on for this role and database",
	}, "synchronous_standby_names"},
	{command.SettingError{
		Setting: "data_sync_retry", Value: "on",
		Detail: "after a flush that failed the server works on, although what it had to flush may be lost: turn it off",
	}, ""},
	{command.SettingError{
		Setting: "zero_damaged_pages", Value: "on",
		Detail: "the server empties a page that is damaged and works on, as if its rows had never been: turn it off",
	}, ""},
	{command.SettingError{
		Setting: "ignore_checksum_failure", Value: "on",
		Detail: "the server works on with pages that are damaged: turn it off",
	}, ""},
}

// checkedSettings are the names of all settings that a session is checked for.
var checkedSettings = settingNames()

func settingNames() []string {
	names := []string{"default_transaction_read_only", "session_replication_role", "synchronous_standby_names"}
	for i := range weaknesses {
		names = append(names, weaknesses[i].Setting)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// checkSession refuses a session that is none, that cannot write, or on which what is written could be wrong.
func (s *Store) checkSession(conn *pgx.Conn, facts *sessionFacts) error {
	switch {
	case facts.pid != conn.PgConn().PID():
		return &command.SchemaError{
			Schema:  s.config.Schema,
			Problem: command.SchemaPooler,
			Detail:  "a pooler stands between us and the server; the connections that write have to be direct",
		}
	case facts.standby: // which may be behind: what it lacks is not lost
		return &command.SchemaError{
			Schema:  s.config.Schema,
			Problem: command.SchemaReadOnly,
			Detail:  "the server is a standby: connect to the primary; where there are several hosts, target_session_attrs=primary does",
		}
	case facts.settings["default_transaction_read_only"] == "on":
		return &command.SchemaError{
			Schema:  s.config.Schema,
			Problem: command.SchemaReadOnly,
			Detail:  fmt.Sprintf("default_transaction_read_only is on in sessions of role %q: turn it off, or use another role", conn.Config().User),
		}
	case facts.settings["session_replication_role"] == "replica":
		return &command.SettingError{
			Setting: "session_replication_role",
			Value:   "replica",
			Detail:  "the foreign key that ties each commit to the one before it is not checked: reset it for this role and database",
		}
	}
	return nil
}

func (f *sessionFacts) weaknesses() (found []command.SettingError) {
	for i := range weaknesses {
		w := &weaknesses[i]
		if f.settings[w.Setting] == w.Value && (w.among == "" || f.settings[w.among] != "") {
			found = append(found, w.SettingError)
		}
	}
	return found
}

// checkDurability refuses a session with weaknesses where Strict is set, and otherwise tells Logger of each once. One that shows after Open,
// because somebody has changed the database or another one has taken its place, is told as an error.
func (s *Store) checkDurability(ctx context.Context, found []command.SettingError) error {
	var refused []error
	for _, weakness := range found {
		if s.config.Strict {
			refused = append(refused, &weakness)
		} else if _, told := s.told.LoadOrStore(weakness, true); !told {
			s.config.Logger.Log(ctx, s.loudness.Level(), "groupcommit: what is acknowledged may not be durable",
				"setting", weakness.Setting, "value", weakness.Value, "detail", weakness.Detail)
		}
	}
	return errors.Join(refused...)
}
