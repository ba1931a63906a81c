package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/groupcommit/groupcommit/internal/pgproxy"
)

// networkFaults befall the network between one writer and the server.
var networkFaults = []fault{
	{"connection ended (FIN) at any frame", cutAnywhere(pgproxy.FIN)},
	{"connection reset (RST) at any frame", cutAnywhere(pgproxy.RST)},
	{"connection in a black hole from any frame on", cutAnywhere(pgproxy.Blackhole)},
	{"frame delayed", delayFrame},
	{"network gone, told", goneNetwork(pgproxy.RST)},
	{"network gone, silent", goneNetwork(pgproxy.Blackhole)},
}

// commitFaults befall commits, in each moment around the point of no return.
var commitFaults = []fault{
	{"COMMIT never arrives", onCommit(sendsCommit, pgproxy.Before)},
	{"COMMIT arrives in half", onCommit(sendsCommit, pgproxy.Within)},
	{"COMMIT arrives, connection lost behind it", onCommit(sendsCommit, pgproxy.After)},
	{"reply to COMMIT lost", onCommit(answersCommit, pgproxy.Before)},
	{"reply to COMMIT lost in half", onCommit(answersCommit, pgproxy.Within)},
	{"reply to COMMIT silent", silentReply},
	{"COMMIT late, behind its own repetition", lateCommit},
	{"COMMIT dropped", dropCommit},
	{"reply to COMMIT lost, network gone for long", lostForLong},
}

// sendsCommit matches what lets the server commit: COMMIT by itself, or the end of the rows that it follows.
func sendsCommit(f *pgproxy.Frame) bool {
	return f.From == pgproxy.Frontend && (f.Type == 'c' || f.Type == 'Q' && string(f.Body) == "COMMIT\x00")
}

var answersCommit = pgproxy.Message(pgproxy.Backend, 'C', "COMMIT")

func anyFrame(*pgproxy.Frame) bool { return true }

// trapPatience is how long a fault waits for the frame that it befalls.
const trapPatience = 2 * time.Second

// befall lets something happen to a frame of a writer, and returns when it has happened.
func befall(ctx context.Context, m *member, match func(*pgproxy.Frame) bool, number int, f pgproxy.Fault) (*pgproxy.Trap, error) {
	trap := m.proxy.On(match, number, f)
	defer trap.Remove()
	timer := time.NewTimer(trapPatience)
	defer timer.Stop()
	select {
	case <-trap.Hit:
		return trap, nil
	case <-timer.C:
	case <-ctx.Done():
	}
	trap.Release()
	return nil, errMissed
}

func somePoint(random *rand.Rand) pgproxy.Point {
	return []pgproxy.Point{pgproxy.Before, pgproxy.Within, pgproxy.After}[random.IntN(3)]
}

func someEnding(random *rand.Rand) pgproxy.Ending {
	return []pgproxy.Ending{pgproxy.FIN, pgproxy.RST}[random.IntN(2)]
}

func cutAnywhere(ending pgproxy.Ending) func(context.Context, *director, *rand.Rand) error {
	return func(ctx context.Context, d *director, random *rand.Rand) error {
		_, err := befall(ctx, d.someMember(random), anyFrame, 1+random.IntN(50), pgproxy.Cut(somePoint(random), ending))
		return err
	}
}

func delayFrame(ctx context.Context, d *director, random *rand.Rand) error {
	delay := between(random, 100*time.Millisecond, 1500*time.Millisecond)
	_, err := befall(ctx, d.someMember(random), anyFrame, 1+random.IntN(50), pgproxy.Delay(delay))
	return err
}

// goneNetwork lets all connections of a writer end, and no new one come about, for a while.
func goneNetwork(ending pgproxy.Ending) func(context.Context, *director, *rand.Rand) error {
	return func(ctx context.Context, d *director, random *rand.Rand) error {
		m := d.someMember(random)
		m.proxy.Away(ending)
		defer m.proxy.Back()
		m.proxy.Cut(ending)
		pause(ctx, between(random, 100*time.Millisecond, 4*time.Second))
		return nil
	}
}

// onCommit befalls a commit of every writer.
func onCommit(match func(*pgproxy.Frame) bool, at pgproxy.Point) func(context.Context, *director, *rand.Rand) error {
	return func(ctx context.Context, d *director, random *rand.Rand) error {
		number, ending := 1+random.IntN(5), someEnding(random)
		var befallen atomic.Int64
		var all sync.WaitGroup
		for _, m := range d.members {
			all.Go(func() {
				if _, err := befall(ctx, m, match, number, pgproxy.Cut(at, ending)); err == nil {
					befallen.Add(1)
				}
			})
		}
		all.Wait()
		if befallen.Load() == 0 {
			return errMissed
		}
		return nil
	}
}

func silentReply(ctx context.Context, d *director, random *rand.Rand) error {
	_, err := befall(ctx, d.someMember(random), answersCommit, 1+random.IntN(5), pgproxy.Cut(pgproxy.Before, pgproxy.Blackhole))
	return err
}

// lateCommit keeps a COMMIT until its sender has given up waiting for the answer, and has sent the commit again.
func lateCommit(ctx context.Context, d *director, random *rand.Rand) error {
	m := d.someMember(random)
	trap, err := befall(ctx, m, sendsCommit, 1+random.IntN(5), pgproxy.Hold)
	if err != nil {
		return err
	}
	defer trap.Release()
	pause(ctx, m.assignment.Tuning.attempt()+between(random, 0, time.Second))
	return nil
}

// lostForLong leaves a commit in doubt for longer than its store may go on asking, or almost.
func lostForLong(ctx context.Context, d *director, random *rand.Rand) error {
	m := d.someMember(random)
	defer m.proxy.Back()
	if _, err := befall(ctx, m, answersCommit, 1+random.IntN(5), pgproxy.Cut(pgproxy.Before, someEnding(random))); err != nil {
		return err
	}
	m.proxy.Away(pgproxy.RST)
	m.proxy.Cut(pgproxy.RST)
	pause(ctx, between(random, 3*time.Second, 7*time.Second))
	return nil
}

func dropCommit(ctx context.Context, d *director, random *rand.Rand) error {
	commit := func(f *pgproxy.Frame) bool { return sendsCommit(f) && f.Type == 'Q' } // rows without their end are no commit's
	_, err := befall(ctx, d.someMember(random), commit, 1+random.IntN(5), pgproxy.Drop)
	return err
}
