package importer

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// PostgresConfig says in which table of PostgreSQL the events are. The zero value of a field means its default. Names of tables and columns are
// ASCII letters, digits and underscores, at most 63.
type PostgresConfig struct {
	Pool *pgxpool.Pool // is required, and stays the caller's

	Table   string  // may have a schema before a dot; defaults to "events"
	Columns Columns // defaults to EventCore()

	// PageEvents is how many events are read at a time: 1 to 100,000, defaults to 1,000. They are in memory.
	PageEvents int
}

// Columns are the names of columns. Those that are said to be optional may be empty where the table has none.
type Columns struct {
	// Order is unique, never null, and puts the events in order. It is the cursor. It should have an index. Rows that appear later must be behind
	// those that were read.
	Order string

	ID         string // uuid
	Stream     string // any type, as text
	Version    string // from 1, a number or a text of digits; optional
	Type       string // text
	Data       string // jsonb, json, text or bytea
	Metadata   string // jsonb, json or text; optional
	OccurredAt string // timestamptz, or a text that is one; optional
}

// EventCore is the columns of the events table of EventCore. It is read in the order of its IDs, which are UUIDv7, made one after the other:
//
//	id uuid, stream_id text, version bigint, event_type text, payload jsonb, metadata jsonb, occurred_at timestamptz
//
// Other columns are of no interest. Where a table has none of an optional one, take this and empty its field, and set Order where the IDs are in no order.
func EventCore() Columns {
	return Columns{
		Order: "id", ID: "id", Stream: "stream_id", Version: "version", Type: "event_type", Data: "payload", Metadata: "metadata", OccurredAt: "occurred_at",
	}
}

// Postgres is a Source that reads a table page by page. It holds no transaction between pages.
type Postgres struct {
	pool   *pgxpool.Pool
	page   int
	events query
	places query // of the same rows: the cursor and the stream, which can be read of any
}

// NewPostgres returns an *InvalidError when the configuration is not as needed. It asks the database nothing.
func NewPostgres(config PostgresConfig) (*Postgres, error) {
	config.Table = cmp.Or(config.Table, "events")
	config.PageEvents = cmp.Or(config.PageEvents, 1000)
	config.Columns = cmp.Or(config.Columns, EventCore())
	if err := config.check(); err != nil {
		return nil, err
	}
	p := &Postgres{pool: config.Pool, page: config.PageEvents}
	p.events, p.places = config.queries()
	return p, nil
}

func (c *PostgresConfig) check() error {
	if c.Pool == nil {
		return &InvalidError{"PostgresConfig.Pool", "it is required"}
	}
	if c.PageEvents < 1 || c.PageEvents > 100_000 {
		return &InvalidError{"PostgresConfig.PageEvents", "a page has 1 to 100,000 events"}
	}
	parts := strings.Split(c.Table, ".")
	if len(parts) > 2 {
		return &InvalidError{"PostgresConfig.Table", "it is a name, or a schema and a name with a dot between them"}
	}
	for _, part := range parts {
		if !identifier.MatchString(part) {
			return &InvalidError{"PostgresConfig.Table", notIdentifier}
		}
	}
	return c.Columns.check()
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)

const notIdentifier = "a name has 1 to 63 ASCII letters, digits and underscores, and begins with no digit"

func (c *Columns) check() error {
	for _, column := range []struct {
		field, name string
		optional    bool
	}{
		{"Order", c.Order, false},
		{"ID", c.ID, false},
		{"Stream", c.Stream, false},
		{"Version", c.Version, true},
		{"Type", c.Type, false},
		{"Data", c.Data, false},
		{"Metadata", c.Metadata, true},
		{"OccurredAt", c.OccurredAt, true},
	} {
		if !identifier.MatchString(column.name) && (column.name != "" || !column.optional) {
			return &InvalidError{"PostgresConfig.Columns." + column.field, notIdentifier}
		}
	}
	return nil
}
