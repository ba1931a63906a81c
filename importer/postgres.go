package importer

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
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

// EventCore is the columns of the events table of EventCore, whose IDs are UUIDv7, in the order in which they were made.
func EventCore() Columns {
	return Columns{
		Order: "id", ID: "id", Stream: "stream_id", Version: "version", Type: "event_type", Data: "payload", Metadata: "metadata", OccurredAt: "occurred_at",
	}
}

// Postgres is a Source that reads a table page by page. It holds no transaction between pages.
type Postgres struct {
	pool  *pgxpool.Pool
	start string // the first page
	next  string // the page behind a cursor
	page  int
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
	p.start, p.next = config.queries()
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

// queries are made of names that were checked, and are quoted all the same.
func (c *PostgresConfig) queries() (start, next string) {
	column := func(name, cast, missing string) string {
		if name == "" {
			return missing
		}
		return pgx.Identifier{"source", name}.Sanitize() + cast
	}
	columns, order := &c.Columns, column(c.Columns.Order, "", "")
	list := strings.Join([]string{
		order + "::text",
		column(columns.ID, "", ""),
		column(columns.Stream, "::text", ""),
		column(columns.Version, "::bigint", "0"),
		column(columns.Type, "::text", ""),
		column(columns.Data, "", ""),
		column(columns.Metadata, "::text", "NULL"),
		column(columns.OccurredAt, "::timestamptz", "NULL::timestamptz"),
	}, ", ")
	from := fmt.Sprintf("SELECT %s FROM %s AS source", list, pgx.Identifier(strings.Split(c.Table, ".")).Sanitize())
	return fmt.Sprintf("%s ORDER BY %s LIMIT $1", from, order), fmt.Sprintf("%s WHERE %s > $2 ORDER BY %s LIMIT $1", from, order, order)
}

// After is Source's. It yields the error of a page that cannot be read.
func (p *Postgres) After(ctx context.Context, cursor string) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for {
			records, err := p.read(ctx, cursor)
			if err != nil {
				yield(Record{}, err)
				return
			}
			for _, record := range records {
				if !yield(record, nil) {
					return
				}
			}
			if len(records) < p.page {
				return
			}
			cursor = records[len(records)-1].Cursor
		}
	}
}

func (p *Postgres) read(ctx context.Context, cursor string) ([]Record, error) {
	query, args := p.start, []any{p.page}
	if cursor != "" {
		query, args = p.next, append(args, cursor)
	}
	rows, err := p.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan)
}

func scan(row pgx.CollectableRow) (Record, error) {
	var r Record
	var metadata *string
	var occurredAt *time.Time
	err := row.Scan(&r.Cursor, &r.Event.ID, &r.Stream, &r.Version, &r.Event.Type, &r.Event.Data, &metadata, &occurredAt)
	if metadata != nil {
		r.Event.Metadata = []byte(*metadata)
	}
	if occurredAt != nil {
		r.OccurredAt = occurredAt.UTC()
	}
	return r, err
}
