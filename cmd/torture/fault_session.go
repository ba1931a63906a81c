package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// sessionFaults befall sessions of the server, or come from sessions of others.
var sessionFaults = []fault{
	{"backend of a COMMIT terminated", atMoment(committing, "pg_terminate_backend")},
	{"backend of a COMMIT cancelled", atMoment(committing, "pg_cancel_backend")},
	{"backend of the turn terminated", atMoment(hasTurn, "pg_terminate_backend")},
	{"all backends terminated", atMoment("true", "pg_terminate_backend")},
	{"all backends terminated every 50 ms", storm("pg_terminate_backend")},
	{"all backends cancelled every 50 ms", storm("pg_cancel_backend")},
	{"foreign session inserts by hand, and rolls back", foreignInsert},
	{"foreign session locks the table", foreignLock},
	{"foreign transaction stays open", foreignTransaction},
}

// Conditions on the sessions of writers, in pg_stat_activity.
const (
	committing = "state = 'active' AND query LIKE '%COMMIT%'"
	hasTurn    = "pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND granted)"
)

// signalSQL calls a function with sessions of the writers, and counts them.
func signalSQL(function, condition string) string {
	return fmt.Sprintf("SELECT count(%s(pid)) FROM pg_stat_activity WHERE usename = '%s' AND %s", function, role, condition)
}

// momentPatience is how long a fault waits for sessions to be as it needs them.
const momentPatience = 2 * time.Second

// await repeats a query that counts until it is not 0.
func (s *stage) await(ctx context.Context, sql string) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for deadline := time.Now().Add(momentPatience); time.Now().Before(deadline); {
		var count int
		if err := conn.QueryRow(ctx, sql).Scan(&count); err != nil {
			return err
		}
		if count > 0 {
			return nil
		}
	}
	return errMissed
}

func atMoment(condition, function string) func(context.Context, *director, *rand.Rand) error {
	return func(ctx context.Context, d *director, _ *rand.Rand) error {
		return d.stage.await(ctx, signalSQL(function, condition))
	}
}

// storm calls a function with all sessions of the writers, for about a second.
func storm(function string) func(context.Context, *director, *rand.Rand) error {
	return func(ctx context.Context, d *director, random *rand.Rand) error {
		for range 10 + random.IntN(20) {
			if err := d.stage.exec(ctx, signalSQL(function, "true")); err != nil {
				return err
			}
			pause(ctx, 50*time.Millisecond)
		}
		return nil
	}
}

// inForeign does something in a transaction that is rolled back after a while.
func inForeign(ctx context.Context, d *director, hold time.Duration, do func(pgx.Tx) error) error {
	conn, err := d.stage.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errMissed // it was not the first
	}
	pause(ctx, hold)
	return tx.Rollback(context.WithoutCancel(ctx))
}

// foreignInsert stands in the way of all writers: nobody can tell whether its rows will be there.
func foreignInsert(ctx context.Context, d *director, random *rand.Rand) error {
	hold := between(random, 100*time.Millisecond, 3*time.Second)
	tables := []string{
		"INSERT INTO commits SELECT last, last + 1, gen_random_uuid(), commit_id, 1, gen_random_uuid(), now() FROM commits ORDER BY last DESC LIMIT 1",
		"INSERT INTO events SELECT last + 1, 'foreign', 1, gen_random_uuid(), 'Foreign', '{}', NULL, now() FROM commits ORDER BY last DESC LIMIT 1",
	}
	sql := tables[random.IntN(len(tables))]
	for range 20 {
		err := inForeign(ctx, d, hold, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "SET LOCAL lock_timeout = '100ms'; "+sql)
			return err
		})
		if err != errMissed {
			return err
		}
	}
	return errMissed
}

// foreignLock is what CREATE INDEX does: it lets nobody write.
func foreignLock(ctx context.Context, d *director, random *rand.Rand) error {
	return inForeign(ctx, d, between(random, 100*time.Millisecond, 3*time.Second), func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "LOCK TABLE events IN SHARE MODE")
		return err
	})
}

func foreignTransaction(ctx context.Context, d *director, random *rand.Rand) error {
	return inForeign(ctx, d, between(random, time.Second, 3*time.Second), func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "SELECT count(*) FROM commits")
		return err
	})
}
