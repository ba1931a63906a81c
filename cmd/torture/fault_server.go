package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"syscall"
	"time"

	"github.com/groupcommit/groupcommit/internal/ephemeral"
)

// serverFaults befall the whole server.
var serverFaults = []fault{
	{"postmaster killed, started again", restart((*ephemeral.Server).Kill)},
	{"immediate shutdown, started again", restart((*ephemeral.Server).Crash)},
	{"fast shutdown, started again", restart((*ephemeral.Server).Shutdown)},
	{"server down for seconds", longOutage},
	{"backend killed, so the server recovers", killBackend},
	{"COMMIT delayed before its flush, postmaster killed", killInDelay},
	{"COMMIT waits for a standby, terminated", standbyGone(inStandbyWait("pg_terminate_backend"))},
	{"COMMIT waits for a standby, cancelled", standbyGone(inStandbyWait("pg_cancel_backend"))},
	{"COMMIT waits for a standby, postmaster killed", standbyGone(restart((*ephemeral.Server).Kill))},
}

func restart(end func(*ephemeral.Server, context.Context) error) func(context.Context, *director, *rand.Rand) error {
	return func(ctx context.Context, d *director, _ *rand.Rand) error {
		return d.restart(ctx, end, 0)
	}
}

func longOutage(ctx context.Context, d *director, random *rand.Rand) error {
	return d.restart(ctx, (*ephemeral.Server).Crash, between(random, 2*time.Second, 6*time.Second))
}

// restart ends the server, whatever way, and starts it again after a while.
func (d *director) restart(ctx context.Context, end func(*ephemeral.Server, context.Context) error, down time.Duration) error {
	ctx = context.WithoutCancel(ctx)
	if err := end(d.stage.server, ctx); err != nil {
		return err
	}
	pause(ctx, down)
	if err := d.stage.server.Start(ctx); err != nil {
		return err
	}
	d.recovery.ready(d.slots())
	return nil
}

// killBackend kills a process of the server that works for a writer. The server ends all others, and recovers.
func killBackend(ctx context.Context, d *director, _ *rand.Rand) error {
	pid, err := d.stage.number(ctx, "SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE usename = '"+role+"'")
	if err != nil {
		return err
	}
	if pid == 0 {
		return errMissed
	}
	if err := syscall.Kill(int(pid), syscall.SIGKILL); err != nil {
		return errMissed
	}
	return d.awaitServer(ctx, int(pid))
}

// awaitServer returns when the server accepts connections again after one of its processes has died.
func (d *director) awaitServer(ctx context.Context, pid int) error {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if n, err := d.stage.number(ctx, "SELECT count(*) FROM pg_stat_activity WHERE pid = $1", pid); err == nil && n == 0 {
			d.recovery.ready(d.slots())
			return nil
		}
		pause(ctx, 5*time.Millisecond)
	}
	return errors.New("the server has not recovered within a minute")
}

// setSystem changes settings of the whole server until back is called.
func (s *stage) setSystem(ctx context.Context, settings ...string) (back func() error, err error) {
	var set, reset []string
	for i := 0; i < len(settings); i += 2 {
		set = append(set, "ALTER SYSTEM SET "+settings[i]+" = "+settings[i+1])
		reset = append(reset, "ALTER SYSTEM RESET "+settings[i])
	}
	const reload = "SELECT pg_reload_conf()"
	back = func() error { return s.exec(context.WithoutCancel(ctx), append(reset, reload)...) }
	return back, s.exec(ctx, append(set, reload)...)
}

// killInDelay kills the server while a commit record is written and not yet flushed.
func killInDelay(ctx context.Context, d *director, random *rand.Rand) (err error) {
	back, err := d.stage.setSystem(ctx, "commit_delay", "100000", "commit_siblings", "0")
	defer func() { err = errors.Join(err, back()) }()
	if err != nil {
		return err
	}
	pause(ctx, 200*time.Millisecond) // every backend reads the settings before its next statement
	if err := d.stage.await(ctx, "SELECT count(*) FROM pg_stat_activity WHERE usename = '"+role+"' AND "+committing); err != nil {
		return err
	}
	pause(ctx, between(random, 0, 100*time.Millisecond))
	return d.restart(ctx, (*ephemeral.Server).Kill, 0)
}

// standbyGone lets every COMMIT wait for a standby that is not there, after it is flushed, and something happen meanwhile.
func standbyGone(happen func(context.Context, *director, *rand.Rand) error) func(context.Context, *director, *rand.Rand) error {
	return func(ctx context.Context, d *director, random *rand.Rand) (err error) {
		back, err := d.stage.setSystem(ctx, "synchronous_standby_names", "'nobody'")
		defer func() { err = errors.Join(err, back()) }()
		if err != nil {
			return err
		}
		if err := d.stage.await(ctx, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"); err != nil {
			return err
		}
		pause(ctx, between(random, 0, time.Second))
		return happen(ctx, d, random)
	}
}

// inStandbyWait calls a function with the sessions that wait for a standby.
func inStandbyWait(function string) func(context.Context, *director, *rand.Rand) error {
	return func(ctx context.Context, d *director, _ *rand.Rand) error {
		return d.stage.await(ctx, signalSQL(function, "wait_event = 'SyncRep'"))
	}
}
