package groupcommit_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/internal/storetest"
	"github.com/groupcommit/groupcommit/internal/worker"
)

func TestMain(m *testing.M) {
	worker.Main(map[string]worker.Task{stopTask: stopInCopy, writeTask: runWriter, killedTask: runKilled})
	pgtest.Main(m)
}

// opener opens a store that is closed when the test ends.
type opener func(testing.TB, groupcommit.Config) *groupcommit.Store

// onEach runs a test in memory and on PostgreSQL.
func onEach(t *testing.T, test func(*testing.T, opener)) {
	t.Run("memory", func(t *testing.T) { test(t, openInMemory) })
	t.Run("postgres", func(t *testing.T) { test(t, openPostgres) })
}

func openInMemory(tb testing.TB, config groupcommit.Config) *groupcommit.Store {
	tb.Helper()
	return storetest.Opened(tb)(groupcommit.OpenInMemory(config))
}

// openPostgres uses a schema of its own unless the configuration names one.
func openPostgres(tb testing.TB, config groupcommit.Config) *groupcommit.Store {
	tb.Helper()
	config.DatabaseURL = cmp.Or(config.DatabaseURL, pgtest.URL(tb))
	if config.Schema == "" {
		config.Schema = pgtest.Schema(tb)
	}
	config.Migrate = true
	config.MinConnections = cmp.Or(config.MinConnections, 1)
	config.MaxConnections = cmp.Or(config.MaxConnections, 4)
	return storetest.Opened(tb)(groupcommit.Open(tb.Context(), config))
}

// patient makes batches that leave when they are full, or for Flush or Close, and never by themselves.
func patient(config groupcommit.Config) groupcommit.Config {
	config.NoEager, config.Linger = true, 24*time.Hour
	return config
}

// submitTogether hands commands to a patient store in order and returns when all have their verdicts: one batch, unless it
// exceeds a limit.
func submitTogether(t *testing.T, store *groupcommit.Store, commands ...groupcommit.Command) []*groupcommit.Future {
	t.Helper()
	futures := make([]*groupcommit.Future, len(commands))
	for i, cmd := range commands {
		futures[i] = store.Submit(t.Context(), cmd)
	}
	flush(t, store)
	return futures
}

func flush(t *testing.T, store *groupcommit.Store) {
	t.Helper()
	if err := store.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// mustExecAt runs statements on the server at url, one after the other.
func mustExecAt(t *testing.T, url string, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		if err := pgtest.ExecAt(url, sql); err != nil {
			t.Fatal(err)
		}
	}
}

// happened is an event that can be told from others by its number.
func happened(number int) groupcommit.Event {
	return groupcommit.Event{Type: "Happened", Data: fmt.Append(nil, number)}
}

// write is a command of one event for a stream in whatever state.
func write(stream string) groupcommit.Command {
	return groupcommit.To(stream, groupcommit.Any, happened(0))
}

// identified gives a command an ID of its own.
func identified(cmd groupcommit.Command) groupcommit.Command {
	cmd.ID = uuid.New()
	return cmd
}

func mustAppend(t *testing.T, store *groupcommit.Store, cmd groupcommit.Command) groupcommit.Result {
	t.Helper()
	result, err := store.Append(t.Context(), cmd)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// mustResult is the result of a command that has its verdict.
func mustResult(t *testing.T, future *groupcommit.Future) groupcommit.Result {
	t.Helper()
	result, err := future.Result()
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// wantError checks that an error is, or wraps, one of type E.
func wantError[E error](t *testing.T, err error) E {
	t.Helper()
	typed, ok := errors.AsType[E](err)
	if !ok {
		t.Fatalf("got error %v (%T), want a %T", err, err, typed)
	}
	return typed
}

// wantIs checks that an error is, or wraps, each of the others.
func wantIs(t *testing.T, err error, targets ...error) {
	t.Helper()
	for _, target := range targets {
		if !errors.Is(err, target) {
			t.Errorf("got error %v, want %q", err, target)
		}
	}
}

func wantConflict(t *testing.T, err error, want groupcommit.ConflictError) {
	t.Helper()
	if conflict := wantError[*groupcommit.ConflictError](t, err); *conflict != want {
		t.Errorf("got %v, want %v", conflict, &want)
	}
}

// openFull opens a store that has no room: one command is in flight, held by the gate, and one fills the queue.
func openFull(t *testing.T, open opener, gate *gate) (store *groupcommit.Store, inFlight, queued *groupcommit.Future) {
	t.Helper()
	store = open(t, groupcommit.Config{QueueCommands: 1, Hooks: gate.hooks()})
	inFlight = store.Submit(t.Context(), write("s"))
	<-gate.reached
	return store, inFlight, store.Submit(t.Context(), write("s"))
}

// wantPending checks that a command has no verdict.
func wantPending(t *testing.T, future *groupcommit.Future) {
	t.Helper()
	if result, err := future.Result(); !errors.Is(err, groupcommit.ErrPending) {
		t.Errorf("got %+v, %v; want no verdict yet", result, err)
	}
}

func readAll(t *testing.T, store *groupcommit.Store) []groupcommit.RecordedEvent {
	t.Helper()
	var events []groupcommit.RecordedEvent
	for event, err := range store.ReadAll(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
	}
	return events
}

func wantVersion(t *testing.T, store *groupcommit.Store, stream string, want int64) {
	t.Helper()
	if got, err := store.StreamVersion(t.Context(), stream); err != nil || got != want {
		t.Errorf("stream %q is at version %d, %v; want %d", stream, got, err, want)
	}
}

// ended is a context that has ended, with a cause that can be told from others.
func ended(t *testing.T) context.Context {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errEnded)
	return ctx
}

var errEnded = fmt.Errorf("the caller has left: %w", context.Canceled)

// notWaited tells that an error is not that of a Wait whose context ended with nothing known yet.
func notWaited(err error) bool {
	return !errors.Is(err, errEnded) || errors.Is(err, groupcommit.ErrNotWritten)
}

// commitLog notes the group commits of a store. mu guards commits.
type commitLog struct {
	mu      sync.Mutex
	commits []groupcommit.CommitInfo
}

func (l *commitLog) hooks() groupcommit.Hooks {
	return groupcommit.Hooks{Committed: func(info groupcommit.CommitInfo) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.commits = append(l.commits, info)
	}}
}

// take returns what was noted since the last call.
func (l *commitLog) take() []groupcommit.CommitInfo {
	l.mu.Lock()
	defer l.mu.Unlock()
	commits := l.commits
	l.commits = nil
	return commits
}

// commands gives how many commands each of the commits carried.
func commands(commits []groupcommit.CommitInfo) (counts []int) {
	for _, c := range commits {
		counts = append(counts, c.Commands)
	}
	return counts
}

// gate holds the commits of a store after they were written and before their commands are told, one after the other as they come,
// until it is opened.
type gate struct {
	reached chan struct{} // receives a token when a commit comes to the gate
	opened  chan struct{}
	open    func() // closes opened; may be called again
}

// newGate makes a gate that must be opened before the store can be closed.
func newGate() *gate {
	opened := make(chan struct{})
	return &gate{
		reached: make(chan struct{}, 1),
		opened:  opened,
		open:    sync.OnceFunc(func() { close(opened) }),
	}
}

func (g *gate) hooks() groupcommit.Hooks {
	return groupcommit.Hooks{Committed: func(groupcommit.CommitInfo) {
		select {
		case g.reached <- struct{}{}:
		case <-g.opened:
		}
		<-g.opened
	}}
}

// wantJSON checks that two JSON texts are equal as PostgreSQL's jsonb sees it: whatever the order of keys, the space
// between, and the way in which numbers and characters are written.
func wantJSON(t *testing.T, got, want []byte) {
	t.Helper()
	if g, w := canonical(t, got), canonical(t, want); g != w {
		t.Errorf("got %.200s\nwant %.200s", g, w)
	}
}

// canonical is the one text that equal JSON has in common. Of keys that occur twice the last one counts.
func canonical(t *testing.T, data []byte) string {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%.200q is not JSON: %v", data, err)
	}
	encoded, err := json.Marshal(exactNumbers(t, value))
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

// exactNumbers puts a fraction in the place of each number.
func exactNumbers(t *testing.T, value any) any {
	switch v := value.(type) {
	case json.Number:
		number, ok := new(big.Rat).SetString(v.String())
		if !ok {
			t.Fatalf("%.200q is not a number", v)
		}
		return map[string]any{"number": number.String()}
	case []any:
		for i := range v {
			v[i] = exactNumbers(t, v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = exactNumbers(t, v[k])
		}
	}
	return value
}
