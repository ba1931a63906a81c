package importer

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// query selects some of the first rows, or of those behind a cursor.
type query struct{ first, behind string }

// queries are made of names that were checked, and are quoted all the same. They cast the columns of the rows that they give, and of no others.
func (c *PostgresConfig) queries() (events, places query) {
	var used []string
	column := func(name, cast, missing string) string {
		if name == "" {
			return missing
		}
		quoted := pgx.Identifier{"source", name}.Sanitize()
		if !slices.Contains(used, quoted) {
			used = append(used, quoted)
		}
		return quoted + cast
	}
	columns, order := &c.Columns, column(c.Columns.Order, "", "")
	cursor, stream := order+"::text", column(columns.Stream, "::text", "")
	event := strings.Join([]string{
		cursor,
		column(columns.ID, "", ""),
		stream,
		column(columns.Version, "::bigint", "0"),
		column(columns.Type, "::text", ""),
		column(columns.Data, "", ""),
		column(columns.Metadata, "::text", "NULL"),
		column(columns.OccurredAt, "::timestamptz", "NULL::timestamptz"),
	}, ", ")
	table := fmt.Sprintf("SELECT %s FROM %s AS source", strings.Join(used, ", "), pgx.Identifier(strings.Split(c.Table, ".")).Sanitize())
	page := func(list, where string) string {
		return fmt.Sprintf("SELECT %[1]s FROM (%[2]s %[3]s ORDER BY %[4]s LIMIT $1) AS source ORDER BY %[4]s", list, table, where, order)
	}
	both := func(list string) query {
		return query{first: page(list, ""), behind: page(list, "WHERE "+order+" > $2")}
	}
	return both(event), both(cursor + ", coalesce(" + stream + ", '')")
}

// After is Source's. It yields the error of a page that cannot be read, or, once all in front of it were yielded, an *EventError that says which row
// cannot be read as an event.
func (p *Postgres) After(ctx context.Context, cursor string) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for limit := p.page; ; {
			records, err := pgx.CollectRows(p.rows(ctx, p.events, cursor, limit), scan)
			if err != nil && limit > 1 && ofRow(err) {
				limit /= 2 // which leaves the row alone in the end
				continue
			}
			if err != nil {
				yield(Record{}, p.blame(ctx, cursor, err))
				return
			}
			for _, record := range records {
				if !yield(record, nil) {
					return
				}
			}
			if len(records) < limit {
				return
			}
			cursor = records[len(records)-1].Cursor
		}
	}
}

// rows are the first ones behind a cursor, and have the error where there is one.
func (p *Postgres) rows(ctx context.Context, q query, cursor string, limit int) pgx.Rows {
	statement, args := q.first, []any{limit}
	if cursor != "" {
		statement, args = q.behind, append(args, cursor)
	}
	rows, _ := p.pool.Query(ctx, statement, args...)
	return rows
}

// ofRow tells whether an error is about a row: one that the database cannot cast, or that is not of the types of a Record.
func ofRow(err error) bool {
	if fromServer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(fromServer.Code, "22") // data exceptions
	}
	_, ok := errors.AsType[pgx.ScanArgError](err)
	return ok
}

// blame says where the row behind a cursor is, if that is what the error is about.
func (p *Postgres) blame(ctx context.Context, cursor string, err error) error {
	if !ofRow(err) {
		return err
	}
	bad, failed := pgx.CollectExactlyOneRow(p.rows(ctx, p.places, cursor, 1), pgx.RowToStructByPos[place])
	if failed != nil {
		return err
	}
	return &EventError{bad.Cursor, bad.Stream, err}
}

type place struct{ Cursor, Stream string }

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
