package groupcommit_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/internal/oracle"
	"github.com/groupcommit/groupcommit/internal/pgproxy"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/memlog"
	"github.com/groupcommit/groupcommit/pipeline"
)

// One stream is a register that porcupine knows to judge: what many clients at once were told of it, and have read, is explained by an order of
// their calls that respects real time. The log goes away time and again, in the middle of commits and for longer than anybody waits.
func TestOneStreamIsLinearizable(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		var history []porcupine.Operation
		synctest.Test(t, func(t *testing.T) { history = unsteadyMemory(t).use(t, 6) })
		wantLinearizable(t, history)
	})
	t.Run("postgres", func(t *testing.T) { wantLinearizable(t, unsteadyPostgres(t).use(t, 6)) })
}

func wantLinearizable(t *testing.T, history []porcupine.Operation) {
	t.Helper()
	counts := map[oracle.Verdict]int{}
	for _, op := range history {
		counts[op.Output.(told).verdict]++
	}
	t.Logf("%d succeeded, %d conflicted, %d were not written, %d are unknown",
		counts[oracle.Succeeded], counts[oracle.Conflicted], counts[oracle.NotWritten], counts[oracle.Unknown])
	if counts[oracle.Succeeded] == 0 || counts[oracle.Conflicted] == 0 || counts[oracle.NotWritten]+counts[oracle.Unknown] == 0 {
		t.Error("too few of a kind to mean anything")
	}
	if got := linearizable(history); got != porcupine.Ok {
		t.Errorf("the history is %v:\n%s", got, describe(history))
	}
}

// A history with one wrong verdict in it is refused.
func TestWrongVerdictIsNotLinearizable(t *testing.T) {
	var history []porcupine.Operation
	synctest.Test(t, func(t *testing.T) { history = steadyMemory(t).use(t, 6) })
	if got := linearizable(history); got != porcupine.Ok {
		t.Fatalf("the history is %v as it is:\n%s", got, describe(history))
	}
	for what, lie := range map[string]struct {
		of  func(asked, told) bool
		lie func(told) told
	}{
		"a success one version too high": {
			func(a asked, o told) bool { return !a.read && o.verdict == oracle.Succeeded },
			func(o told) told { return told{oracle.Succeeded, o.version + 1} },
		},
		"a success told as not written": {
			func(a asked, o told) bool { return !a.read && o.verdict == oracle.Succeeded },
			func(told) told { return told{verdict: oracle.NotWritten} },
		},
		"a success told as a conflict": {
			func(a asked, o told) bool { return !a.read && o.verdict == oracle.Succeeded },
			func(o told) told { return told{oracle.Conflicted, o.version} },
		},
		"a conflict told as a success": {
			func(a asked, o told) bool { return o.verdict == oracle.Conflicted },
			func(o told) told { return told{oracle.Succeeded, o.version + 1} },
		},
		"a conflict with a version that was not yet": {
			func(a asked, o told) bool { return o.verdict == oracle.Conflicted },
			func(o told) told { return told{oracle.Conflicted, o.version + 100} },
		},
		"a read of long ago": {
			func(a asked, o told) bool { return a.read && o.version > 50 },
			func(told) told { return told{oracle.Succeeded, 1} },
		},
	} {
		i := len(history) / 2
		for !lie.of(history[i].Input.(asked), history[i].Output.(told)) {
			i++
		}
		planted := slices.Clone(history)
		planted[i].Output = lie.lie(planted[i].Output.(told))
		if got := linearizable(planted); got != porcupine.Illegal {
			t.Errorf("%s: the history is %v", what, got)
		}
	}
}

// asked is a call: a read of the version, or an append.
type asked struct {
	read   bool
	expect groupcommit.Expect
	events int64
}

// told is what came of it: the version behind it, or that of a conflict.
type told struct {
	verdict oracle.Verdict
	version int64
}

// linearizable judges a history of one stream.
func linearizable(history []porcupine.Operation) porcupine.CheckResult {
	model := porcupine.NondeterministicModel{
		Init: func() []any { return []any{int64(0)} },
		Step: func(state, input, output any) []any { return step(state.(int64), input.(asked), output.(told)) },
	}
	return porcupine.CheckOperationsTimeout(model.ToModel(), history, time.Minute)
}

// step gives the versions that a call may lead to from another.
func step(version int64, a asked, o told) (next []any) {
	holds, then := a.expect.Holds(version), version+a.events
	switch {
	case a.read && o.version == version, o.verdict == oracle.NotWritten, o.verdict == oracle.Conflicted && !holds && o.version == version:
		next = append(next, version)
	case !a.read && o.verdict == oracle.Succeeded && holds && o.version == then:
		next = append(next, then)
	case o.verdict == oracle.Unknown:
		next = append(next, version)
		if holds {
			next = append(next, then)
		}
	}
	return next
}

func describe(history []porcupine.Operation) (text string) {
	for _, op := range history {
		text += fmt.Sprintf("%d to %d: %+v, %+v\n", op.Call, op.Return, op.Input, op.Output)
	}
	return text
}

// register is a store of which one stream is used while there is trouble.
type register struct {
	store   submitter
	version func(ctx context.Context, stream string) (int64, error)
	trouble func()
}

// use has clients make calls until the trouble is over.
func (r *register) use(t *testing.T, clients int) []porcupine.Operation {
	var mu sync.Mutex // guards history
	var history []porcupine.Operation
	var believed atomic.Int64
	var over atomic.Bool
	begun := time.Now()
	var users sync.WaitGroup
	for client := range clients {
		users.Go(func() {
			for !over.Load() {
				op := porcupine.Operation{ClientId: client, Input: question(believed.Load()), Call: time.Since(begun).Nanoseconds()}
				answer, known := r.ask(t, op.Input.(asked))
				if !known {
					continue
				}
				op.Output, op.Return = answer, time.Since(begun).Nanoseconds()
				if answer.verdict == oracle.Unknown {
					op.Return = math.MaxInt64 // it may take effect at any time
				}
				believed.Store(max(believed.Load(), answer.version))
				mu.Lock()
				history = append(history, op)
				mu.Unlock()
			}
		})
	}
	r.trouble()
	over.Store(true)
	users.Wait()
	return history
}

func question(believed int64) asked {
	a := asked{events: 1 + rand.Int64N(2)}
	switch rand.IntN(8) {
	case 0:
		a.expect = groupcommit.NoStream
	case 1, 2:
		a.expect = groupcommit.Any
	case 3, 4:
		a = asked{read: true}
	default:
		a.expect = groupcommit.Exact(believed)
	}
	return a
}

const registerStream = "register"

// ask makes a call. A read that fails says nothing.
func (r *register) ask(t *testing.T, a asked) (answer told, known bool) {
	if a.read {
		version, err := r.version(t.Context(), registerStream)
		return told{oracle.Succeeded, version}, err == nil
	}
	cmd := groupcommit.To(registerStream, a.expect, slices.Repeat([]groupcommit.Event{happened(0)}, int(a.events))...)
	result, err := r.store.Submit(t.Context(), cmd).Wait(t.Context())
	verdict, conflict, ok := oracle.VerdictOf(err)
	if !ok {
		t.Error(err)
	}
	answer = told{verdict, result.Version(registerStream)}
	if conflict != nil {
		answer.version = conflict.Actual
	}
	return answer, true
}

// registerPatience is short, so that there are outcomes that stay unknown.
const registerPatience = 150 * time.Millisecond

// absence is how long a log is away: in turn for longer than anybody waits, with the last pause between two attempts, and not.
func absence(round int) time.Duration {
	if round%2 == 0 {
		return 2*registerPatience + rand.N(registerPatience)
	}
	return rand.N(registerPatience / 2)
}

func unsteadyPostgres(t *testing.T) *register {
	proxy := pgproxy.New(t, pgtest.URL(t), 0)
	store := openPostgres(t, groupcommit.Config{DatabaseURL: proxy.URL(), RetryFor: registerPatience, BatchCommands: 3})
	return &register{store: store, version: store.StreamVersion, trouble: func() {
		for round := range 8 {
			answer := proxy.On(pgproxy.Message(pgproxy.Backend, 'C', ""), 20+rand.IntN(40), pgproxy.Cut(pgproxy.Before, pgproxy.RST))
			<-answer.Hit
			proxy.Away(pgproxy.RST)
			proxy.Cut(pgproxy.RST)
			answer.Remove()
			time.Sleep(absence(round))
			proxy.Back()
		}
	}}
}

func unsteadyMemory(t *testing.T) *register {
	r, log := inMemory(t)
	r.trouble = func() {
		for round := range 30 {
			time.Sleep(rand.N(registerPatience / 5))
			log.away.Store(true)
			time.Sleep(absence(round))
			log.away.Store(false)
		}
	}
	return r
}

func steadyMemory(t *testing.T) *register {
	r, _ := inMemory(t)
	r.trouble = func() { time.Sleep(100 * time.Millisecond) }
	return r
}

func inMemory(t *testing.T) (*register, *unsteadyLog) {
	log := &unsteadyLog{Log: memlog.New()}
	store := pipeline.New(pipeline.Config{Committer: committer.Config{RetryFor: registerPatience}}, log)
	t.Cleanup(func() {
		if err := store.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return &register{store: store, version: log.StreamVersion}, log
}

// unsteadyLog is a log in memory that takes a while, and can be away: then it does what it is asked or not, and gives no answer.
type unsteadyLog struct {
	*memlog.Log
	away atomic.Bool
}

var errAway = errors.New("the log is away")

func (l *unsteadyLog) missed(class committer.Class) error {
	if !l.away.Load() {
		return nil
	}
	return &committer.Failure{Class: class, Row: -1, Err: errAway}
}

func (l *unsteadyLog) Append(ctx context.Context, commit *committer.Commit, link *committer.Link) error {
	time.Sleep(time.Millisecond)
	if rand.IntN(2) == 0 {
		if err := l.missed(committer.InDoubt); err != nil {
			return err
		}
	}
	err := l.Log.Append(ctx, commit, link)
	if lost := l.missed(committer.InDoubt); lost != nil {
		return lost
	}
	return err
}

func (l *unsteadyLog) Look(ctx context.Context, query committer.Query) (committer.Snapshot, error) {
	time.Sleep(time.Millisecond)
	if err := l.missed(committer.Transient); err != nil {
		return committer.Snapshot{}, err
	}
	return l.Log.Look(ctx, query)
}

func (l *unsteadyLog) StreamVersion(ctx context.Context, stream string) (int64, error) {
	time.Sleep(time.Millisecond)
	return l.Log.StreamVersion(ctx, stream)
}

func (l *unsteadyLog) Sync(ctx context.Context) error {
	if err := l.missed(committer.Transient); err != nil {
		return err
	}
	return l.Log.Sync(ctx)
}
