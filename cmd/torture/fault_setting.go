package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// settingFaults are settings that nobody should have chosen, and that are taken back after a while.
var settingFaults = []fault{
	{"statement_timeout of 1 ms", roleSetting("SET statement_timeout = '1ms'", "RESET statement_timeout")},
	{"lock_timeout of 1 ms", roleSetting("SET lock_timeout = '1ms'", "RESET lock_timeout")},
	{"idle_in_transaction_session_timeout of 1 ms", roleSetting("SET idle_in_transaction_session_timeout = '1ms'", "RESET idle_in_transaction_session_timeout")},
	{"default_transaction_isolation serializable", roleSetting("SET default_transaction_isolation = 'serializable'", "RESET default_transaction_isolation")},
	{"default_transaction_read_only", roleSetting("SET default_transaction_read_only = on", "RESET default_transaction_read_only")},
	{"too many connections", roleSetting("CONNECTION LIMIT 3", "CONNECTION LIMIT -1")},
	{"login refused", roleSetting("NOLOGIN", "LOGIN")},
	{"privileges taken away", revoke},
}

// roleSetting changes the writers' role for a while, and makes all connect again before and after.
func roleSetting(change, back string) func(context.Context, *director, *rand.Rand) error {
	return func(ctx context.Context, d *director, random *rand.Rand) (err error) {
		again := signalSQL("pg_terminate_backend", "true")
		defer func() {
			err = errors.Join(err, d.stage.exec(context.WithoutCancel(ctx), "ALTER ROLE "+role+" "+back, again))
		}()
		if err := d.stage.exec(ctx, "ALTER ROLE "+role+" "+change, again); err != nil {
			return err
		}
		pause(ctx, between(random, 200*time.Millisecond, 2*time.Second))
		return nil
	}
}

func revoke(ctx context.Context, d *director, random *rand.Rand) (err error) {
	const what = "INSERT ON events, commits, command_ids"
	defer func() {
		err = errors.Join(err, d.stage.exec(context.WithoutCancel(ctx), "GRANT "+what+" TO "+role))
	}()
	if err := d.stage.exec(ctx, "REVOKE "+what+" FROM "+role); err != nil {
		return err
	}
	pause(ctx, between(random, 50*time.Millisecond, 500*time.Millisecond))
	return nil
}
