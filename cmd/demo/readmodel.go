package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/workload"
	"github.com/groupcommit/groupcommit/projection"
)

// readModel is a table that a projection keeps.
type readModel interface {
	// create is the statement that makes the table.
	create() string
	projection() projection.Projection
	// replay is the invariant that the table, as it is now, is what the log says.
	replay(ctx context.Context, pool *pgxpool.Pool) (workload.Invariant, error)
}

// readModels are the balance of each account and the stock of each product.
func readModels(schema string) []readModel {
	return []readModel{
		&sums[workload.Account]{
			name: "balances", table: schema + ".balances", streams: "account-", columns: [2]string{"balance", "pending"},
			of: func(a workload.Account) [2]int64 { return [2]int64{a.Balance, a.Pending} },
		},
		&sums[workload.Stock]{
			name: "stock", table: schema + ".stock", streams: "product-", columns: [2]string{"added", "reserved"},
			of: func(s workload.Stock) [2]int64 { return [2]int64{s.Added, s.Reserved} },
		},
	}
}

// sums is a read model that adds up two columns for each stream of a kind. What the events of a batch add is what they come to on a state that
// has seen none before.
type sums[S workload.State[S]] struct {
	name    string // of the projection
	table   string
	streams string // what their names begin with
	columns [2]string
	of      func(S) [2]int64
}

func (m *sums[S]) create() string {
	return fmt.Sprintf("CREATE TABLE %s (stream text PRIMARY KEY, %s bigint NOT NULL, %s bigint NOT NULL) WITH (fillfactor = 20)",
		m.table, m.columns[0], m.columns[1])
}

// projection sends one statement for all events of a batch.
func (m *sums[S]) projection() projection.Projection {
	upsert := fmt.Sprintf(`
INSERT INTO %[1]s AS t SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[])
ON CONFLICT (stream) DO UPDATE SET %[2]s = t.%[2]s + excluded.%[2]s, %[3]s = t.%[3]s + excluded.%[3]s`, m.table, m.columns[0], m.columns[1])
	return projection.Projection{
		Name:    m.name,
		Options: projection.Options{StreamPrefix: m.streams},
		Apply: func(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
			batch := states[S]{}
			for i := range events {
				if err := batch.add(&events[i]); err != nil {
					return err
				}
			}
			var streams []string
			var first, second []int64
			for stream, state := range batch {
				added := m.of(state)
				streams, first, second = append(streams, stream), append(first, added[0]), append(second, added[1])
			}
			_, err := tx.Exec(ctx, upsert, streams, first, second)
			return err
		},
	}
}

// states are those of some streams, folded from their events.
type states[S workload.State[S]] map[string]S

func (s states[S]) add(e *groupcommit.RecordedEvent) error {
	state, err := s[e.Stream].Evolve(e.Type, e.Data)
	if err != nil {
		return fmt.Errorf("position %d: %w", e.Position, err)
	}
	s[e.Stream] = state
	return nil
}

func (m *sums[S]) replay(ctx context.Context, pool *pgxpool.Pool) (workload.Invariant, error) {
	rows, err := pool.Query(ctx, fmt.Sprintf("SELECT stream, %s, %s FROM %s", m.columns[0], m.columns[1], m.table))
	if err != nil {
		return nil, err
	}
	r := &replay[S]{model: m, table: map[string][2]int64{}, log: states[S]{}}
	var stream string
	var row [2]int64
	_, err = pgx.ForEachRow(rows, []any{&stream, &row[0], &row[1]}, func() error {
		r.table[stream] = row
		return nil
	})
	return r, err
}

// replay folds the whole log anew.
type replay[S workload.State[S]] struct {
	model *sums[S]
	table map[string][2]int64
	log   states[S]
}

func (r *replay[S]) String() string {
	return "the read model " + r.model.name + " is what the log says"
}

func (r *replay[S]) See(e *groupcommit.RecordedEvent) error {
	if !strings.HasPrefix(e.Stream, r.model.streams) {
		return nil
	}
	return r.log.add(e)
}

func (r *replay[S]) End() error {
	for stream, state := range r.log {
		if have, want := r.table[stream], r.model.of(state); have != want {
			return fmt.Errorf("of %s it has %v %d, and the log %d", stream, r.model.columns, have, want)
		}
	}
	if len(r.table) != len(r.log) {
		return fmt.Errorf("it has %d rows, and there are %d streams", len(r.table), len(r.log))
	}
	return nil
}
