package pg_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/internal/conformance"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/pg"
)

// What a command may carry, PostgreSQL takes, by INSERT as by COPY, and it says that it holds the very same.
func FuzzRows(f *testing.F) {
	f.Add("account-1", "Deposited", []byte(`{"amount": 100}`), []byte(`{"user_id": "ada"}`), false)
	f.Add("", "", []byte(nil), []byte(nil), false)
	f.Add("s", "t", []byte(nil), []byte(nil), true)
	f.Add("\\N", "\\.", []byte(`"\\N\t\\."`), []byte("null"), false)
	f.Add("Zoë ☃", "a\tb\nc", []byte(`{"a": 1.50, "a": [1e400, "\u00e9", "\ud83e\udd84"]}`), []byte("[]"), false)
	f.Add("PGCOPY\n\xff\r\n", "\xff\xff", []byte("\x00\xff\xff\xff\xff"), []byte("{}"), true)
	f.Add("PGCOPY\n", "\x01", []byte("\x00\xff\xff\xff\xffPGCOPY\n\xff\r\n\x00"), []byte("{}"), true)
	logs := map[bool]*rowsLog{false: openRows(f, command.DataJSONB), true: openRows(f, command.DataBytea)}
	f.Fuzz(func(t *testing.T, stream, eventType string, data, metadata []byte, binary bool) {
		event := command.Event{Type: eventType, Data: data, Metadata: metadata}
		cmd := command.To(stream, command.Any, event)
		limits := command.Limits{AnyData: binary}.WithDefaults()
		if cmd.Check(&limits) != nil {
			t.Skip("it is refused before anything is encoded")
		}
		logs[binary].check(t, cmd.Streams[0])
	})
}

// rowsLog is a log that is read with SQL.
type rowsLog struct {
	store *pg.Store
	conn  *pgx.Conn
	query string
	empty string // what stands for no data
}

func openRows(f *testing.F, dataType command.DataType) *rowsLog {
	schema := pgtest.Schema(f)
	return &rowsLog{
		empty: map[command.DataType]string{command.DataJSONB: "null"}[dataType],
		store: openWith(f, pgtest.URL(f), pg.Config{Schema: schema, DataType: dataType}),
		conn:  pgtest.Conn(f),
		query: `SELECT stream = $2, version = $3, event_id = $4, type = $5, data = $6::` + string(dataType) + `,
	metadata IS NOT DISTINCT FROM $7::jsonb, recorded_at = $8 FROM ` + schema + `.events WHERE position = $1`,
	}
}

// check appends an event in each way in which it may go over the wire.
func (l *rowsLog) check(t *testing.T, write command.StreamWrite) {
	chain := conformance.NewChain(t, l.store)
	inserted := chain.Next(write)
	chain.Commit(inserted)
	l.compare(t, inserted.Commit, &inserted.Events[0])
	copied := chain.Next(write).WithIDs(uuid.New())
	chain.Commit(copied)
	l.compare(t, copied.Commit, &copied.Events[0])
}

func (l *rowsLog) compare(t *testing.T, commit *committer.Commit, e *command.RecordedEvent) {
	t.Helper()
	data := e.Data
	if len(data) == 0 {
		data = []byte(l.empty)
	}
	var metadata *string
	if len(e.Metadata) > 0 {
		metadata = new(string(e.Metadata))
	}
	var same [7]bool
	row := l.conn.QueryRow(t.Context(), l.query, e.Position, e.Stream, e.Version, e.ID, e.Type, data, metadata, commit.Time)
	if err := row.Scan(&same[0], &same[1], &same[2], &same[3], &same[4], &same[5], &same[6]); err != nil {
		t.Fatalf("position %d: %v", e.Position, err)
	}
	if same != [7]bool{true, true, true, true, true, true, true} {
		t.Errorf("the row at position %d is another than %+v: %v", e.Position, e, same)
	}
}
