package groupcommit_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/groupcommit/groupcommit"
)

// invalidAt checks for an *InvalidError about a field.
func invalidAt(field string) func(*testing.T, error) {
	return func(t *testing.T, err error) {
		t.Helper()
		if invalid := wantError[*groupcommit.InvalidError](t, err); invalid.Field != field {
			t.Errorf("field %q, want %q", invalid.Field, field)
		}
	}
}

func withData(data string) groupcommit.Event {
	return groupcommit.Event{Type: "Poison", Data: []byte(data)}
}

// poisons are bad commands, and how each is answered.
var poisons = []struct {
	name   string
	cmd    groupcommit.Command
	answer func(*testing.T, error)
}{
	{"no stream", groupcommit.Command{}, invalidAt("Streams")},
	{"no event", groupcommit.To("poison", groupcommit.Any), invalidAt("Streams")},
	{"no stream name", groupcommit.To("", groupcommit.Any, happened(0)), invalidAt("Streams[0].Stream")},
	{"long stream name", groupcommit.To(strings.Repeat("s", 256), groupcommit.Any, happened(0)), invalidAt("Streams[0].Stream")},
	{"NUL in a stream name", groupcommit.To("a\x00b", groupcommit.Any, happened(0)), invalidAt("Streams[0].Stream")},
	{"bad UTF-8 in a stream name", groupcommit.To("\xff", groupcommit.Any, happened(0)), invalidAt("Streams[0].Stream")},
	{"no event type", groupcommit.To("poison", groupcommit.Any, groupcommit.Event{}), invalidAt("Streams[0].Events[0].Type")},
	{"NUL in an event type", groupcommit.To("poison", groupcommit.Any, groupcommit.Event{Type: "\x00"}), invalidAt("Streams[0].Events[0].Type")},
	{"\\u0000", poison(`"\u0000"`), invalidAt("Streams[0].Events[0].Data")},
	{"NUL", poison("\"\x00\""), invalidAt("Streams[0].Events[0].Data")},
	{"bad UTF-8", poison("\"\xff\""), invalidAt("Streams[0].Events[0].Data")},
	{"lone surrogate", poison(`"\ud83d"`), invalidAt("Streams[0].Events[0].Data")},
	{"invalid JSON", poison(`{"a":`), invalidAt("Streams[0].Events[0].Data")},
	{"huge number", poison(`1e1000000`), invalidAt("Streams[0].Events[0].Data")},
	{"deep nesting", poison(strings.Repeat("[", 5000) + strings.Repeat("]", 5000)), invalidAt("Streams[0].Events[0].Data")},
	{"not encodable", groupcommit.To("poison", groupcommit.Any, groupcommit.JSON("Poison", math.NaN())), invalidAt("Streams[0].Events[0].Data")},
	{"invalid metadata", groupcommit.To("poison", groupcommit.Any, groupcommit.Event{Type: "Poison", Metadata: []byte("{")}), invalidAt("Streams[0].Events[0].Metadata")},
	{"oversized event", poison(`"` + strings.Repeat("x", 1<<20) + `"`), invalidAt("Streams[0].Events[0].Data")},
	{"oversized command", groupcommit.To("poison", groupcommit.Any, slices.Repeat([]groupcommit.Event{withData(`"` + strings.Repeat("x", 1<<20-2) + `"`)}, 5)...), invalidAt("Streams")},
	{"too many events", groupcommit.To("poison", groupcommit.Any, slices.Repeat([]groupcommit.Event{happened(0)}, 1001)...), invalidAt("Streams")},
	{"event ID used twice", groupcommit.To("poison", groupcommit.Any, slices.Repeat([]groupcommit.Event{{ID: uuid.New(), Type: "Poison"}}, 2)...), invalidAt("Streams[0].Events[1].ID")},
	{"stream listed twice", groupcommit.Command{Streams: slices.Repeat(write("poison").Streams, 2)}, invalidAt("Streams[1].Stream")},
	{"negative version", groupcommit.To("poison", groupcommit.Exact(-1), happened(0)), invalidAt("Streams[0].Expect")},
	{"lowest version", groupcommit.To("poison", groupcommit.Exact(math.MinInt64), happened(0)), invalidAt("Streams[0].Expect")},
	{"highest version", groupcommit.To("poison", groupcommit.Exact(math.MaxInt64), happened(0)), func(t *testing.T, err error) {
		t.Helper()
		wantConflict(t, err, groupcommit.ConflictError{Stream: "poison", Expected: groupcommit.Exact(math.MaxInt64)})
	}},
}

func poison(data string) groupcommit.Command {
	return groupcommit.To("poison", groupcommit.Any, withData(data))
}

// One bad command among 99 good ones, submitted by as many goroutines at once: the good ones share one commit and do not notice.
func TestPoisonAmongGood(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		var commits commitLog
		store := open(t, patient(groupcommit.Config{Hooks: commits.hooks()}))
		for i, poison := range poisons {
			t.Run(poison.name, func(t *testing.T) {
				cmds := slices.Insert(goodCommands(i, 99), 42, poison.cmd)
				futures := submitAtOnce(t, store, cmds)
				flush(t, store)
				if counts := commands(commits.take()); !slices.Equal(counts, []int{99}) {
					t.Errorf("commits of %v commands, want one of 99", counts)
				}
				_, err := futures[42].Result()
				poison.answer(t, err)
				wantNeighbours(t, int64(i*99), slices.Delete(futures, 42, 43))
				wantVersion(t, store, "shared", int64(i+1)*49)
			})
		}
		if events := readAll(t, store); len(events) != 99*len(poisons) {
			t.Errorf("%d events, want %d", len(events), 99*len(poisons))
		}
		wantVersion(t, store, "poison", 0)
	})
}

// goodCommands are for streams of their own and for one that they share, in turn.
func goodCommands(round, n int) []groupcommit.Command {
	cmds := make([]groupcommit.Command, n)
	for i := range cmds {
		if i%2 == 0 {
			cmds[i] = groupcommit.To(fmt.Sprintf("own-%d-%d", round, i), groupcommit.NoStream, happened(i))
		} else {
			cmds[i] = groupcommit.To("shared", groupcommit.Any, happened(i))
		}
	}
	return cmds
}

func submitAtOnce(t *testing.T, store *groupcommit.Store, cmds []groupcommit.Command) []*groupcommit.Future {
	futures := make([]*groupcommit.Future, len(cmds))
	var wg sync.WaitGroup
	for i := range cmds {
		wg.Go(func() { futures[i] = store.Submit(t.Context(), cmds[i]) })
	}
	wg.Wait()
	return futures
}

// wantNeighbours checks that commands of one event each hold the positions behind after, and the versions of each stream, without
// gaps.
func wantNeighbours(t *testing.T, after int64, futures []*groupcommit.Future) {
	t.Helper()
	results := make([]groupcommit.Result, len(futures))
	for i, future := range futures {
		results[i] = mustResult(t, future)
	}
	slices.SortFunc(results, func(a, b groupcommit.Result) int { return int(a.First - b.First) })
	latest := make(map[string]int64)
	for i, result := range results {
		position := after + 1 + int64(i)
		if result.First != position || result.Last != position {
			t.Fatalf("positions %d to %d, want %d", result.First, result.Last, position)
		}
		stream, version := result.Versions[0].Stream, result.Versions[0].Version
		if previous, seen := latest[stream]; seen && version != previous+1 {
			t.Fatalf("stream %s: version %d follows %d", stream, version, previous)
		}
		latest[stream] = version
	}
}

// What passes when the checks are switched off, and how PostgreSQL answers.
var refusedByPostgres = []struct {
	name  string
	event groupcommit.Event
	code  string
}{
	{"invalid JSON", withData(`{"canary":`), "22P02"},
	{"no JSON at all", withData(`canary`), "22P02"},
	{"\\u0000", withData(`"canary\u0000"`), "22P05"},
	{"NUL", withData("\"canary\x00\""), "22021"},
	{"bad UTF-8", withData("\"canary\xff\""), "22021"},
	{"lone surrogate", withData(`"canary\ud83d"`), "22P02"},
	{"huge number", withData(`[1e1000000,"canary"]`), "22003"},
	{"deep nesting", withData(strings.Repeat("[", 500_000) + strings.Repeat("]", 500_000)), "54001"},
	{"metadata", groupcommit.Event{Type: "Poison", Metadata: []byte(`canary`)}, "22P02"},
	{"imitation of a context", withData("\ncanary\nCOPY events, line 1, column data: \"1\"\n"), "22P02"},
}

func refusedCommand(i int) groupcommit.Command {
	return groupcommit.To("shared", groupcommit.Any, refusedByPostgres[i].event)
}

func wantRejected(t *testing.T, future *groupcommit.Future, code string) {
	t.Helper()
	_, err := future.Result()
	rejected := wantError[*groupcommit.RejectedError](t, err)
	if rejected.Code != code {
		t.Errorf("SQLSTATE %s, want %s: %v", rejected.Code, code, err)
	}
	told := err.Error()
	if cause, ok := errors.AsType[*pgconn.PgError](err); ok {
		told += cause.Detail + cause.Where + cause.Hint + cause.InternalQuery
	}
	if strings.Contains(told, "canary") || len(told) > 1000 {
		t.Errorf("the error tells the data: %s", told)
	}
}

func openTrusting(t *testing.T) *groupcommit.Store {
	return openPostgres(t, patient(groupcommit.Config{SkipJSONCheck: true}))
}

func TestPostgresIsolatesOne(t *testing.T) {
	store := openTrusting(t)
	for i, refused := range refusedByPostgres {
		t.Run(refused.name, func(t *testing.T) {
			futures := submitTogether(t, store, slices.Insert(goodCommands(i, 99), 42, refusedCommand(i))...)
			wantRejected(t, futures[42], refused.code)
			wantNeighbours(t, int64(i*99), slices.Delete(futures, 42, 43))
			wantVersion(t, store, "shared", int64(i+1)*49)
		})
	}
}

func TestPostgresIsolatesSeveral(t *testing.T) {
	store := openTrusting(t)
	cmds := goodCommands(0, 100)
	for i := range refusedByPostgres {
		cmds = slices.Insert(cmds, i*10, refusedCommand(i)) // the first, and up to the last
	}
	cmds = append(cmds, refusedCommand(0))
	futures := submitTogether(t, store, cmds...)

	wantRejected(t, futures[len(futures)-1], refusedByPostgres[0].code)
	futures = futures[:len(futures)-1]
	for i := len(refusedByPostgres) - 1; i >= 0; i-- {
		wantRejected(t, futures[i*10], refusedByPostgres[i].code)
		futures = slices.Delete(futures, i*10, i*10+1)
	}
	wantNeighbours(t, 0, futures)
	if events := readAll(t, store); len(events) != 100 {
		t.Errorf("%d events, want 100", len(events))
	}
}

// The bad ones are in batches that others are in flight behind. These are judged anew, in their order: each good command expects the
// one before.
func TestPostgresIsolatesAcrossBatches(t *testing.T) {
	store := openPostgres(t, groupcommit.Config{SkipJSONCheck: true, BatchCommands: 7, InFlight: 4})
	var good, bad []*groupcommit.Future
	for i := range 1000 {
		good = append(good, store.Submit(t.Context(), groupcommit.To("s", groupcommit.Exact(int64(i)), happened(i))))
		if i%25 == 0 {
			bad = append(bad, store.Submit(t.Context(), refusedCommand(0)))
		}
	}
	flush(t, store)
	for _, future := range bad {
		wantRejected(t, future, refusedByPostgres[0].code)
	}
	for i, future := range good {
		if result := mustResult(t, future); result.First != int64(i+1) || result.Version("s") != int64(i+1) {
			t.Fatalf("command %d: %+v", i, result)
		}
	}
}

func TestPostgresIsolatesAll(t *testing.T) {
	store := openTrusting(t)
	var cmds []groupcommit.Command
	for i := range refusedByPostgres {
		cmds = append(cmds, refusedCommand(i))
	}
	for i, future := range submitTogether(t, store, cmds...) {
		wantRejected(t, future, refusedByPostgres[i].code)
	}
	if result := mustResult(t, submitTogether(t, store, write("s"))[0]); result.First != 1 {
		t.Errorf("the next command is at position %d", result.First)
	}
}

// A limit that is set beyond what an index can hold. The error names the index that is otherwise heard of for stale versions.
func TestPostgresIsolatesALongName(t *testing.T) {
	store := openPostgres(t, patient(groupcommit.Config{MaxNameBytes: 10_000, RetryFor: time.Second}))
	futures := submitTogether(t, store, slices.Insert(goodCommands(0, 99), 42, write(randomName(8000)))...)
	wantRejected(t, futures[42], "54000")
	wantNeighbours(t, 0, slices.Delete(futures, 42, 43))
}

// randomName is a name that cannot be compressed.
func randomName(bytes int) string {
	const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
	random := rand.New(rand.NewPCG(1, 2))
	name := make([]byte, bytes)
	for i := range name {
		name[i] = alphabet[random.IntN(len(alphabet))]
	}
	return string(name)
}

// What was judged on a command that is refused is judged again without it.
func TestNeighboursOfTheRefusedAreJudgedAgain(t *testing.T) {
	store := openTrusting(t)
	bad := withData(`canary`)
	repeated := identified(groupcommit.To("s", groupcommit.Exact(1), bad))
	futures := submitTogether(t, store,
		groupcommit.To("s", groupcommit.NoStream, happened(0)),
		repeated,
		groupcommit.To("s", groupcommit.Exact(2), happened(1)), // would hold behind the bad one
		groupcommit.To("s", groupcommit.Exact(1), happened(2)), // holds without it
		groupcommit.Command{Streams: []groupcommit.StreamWrite{ // bad in its last event
			{Stream: "other", Events: []groupcommit.Event{happened(3)}},
			{Stream: "s", Events: []groupcommit.Event{happened(4), bad}},
		}},
		groupcommit.To("s", groupcommit.Exact(2), happened(5)),
		groupcommit.To("other", groupcommit.NoStream, happened(6)),
		repeated, // would be a duplicate of the bad one
	)
	wantRejected(t, futures[1], "22P02")
	wantRejected(t, futures[4], "22P02")
	_, err := futures[2].Result()
	wantConflict(t, err, groupcommit.ConflictError{Stream: "s", Expected: groupcommit.Exact(2), Actual: 1})
	_, err = futures[7].Result()
	wantConflict(t, err, groupcommit.ConflictError{Stream: "s", Expected: groupcommit.Exact(1), Actual: 3})

	for i, want := range map[int]groupcommit.RecordedEvent{
		0: {Position: 1, Version: 1, Stream: "s"},
		3: {Position: 2, Version: 2, Stream: "s"},
		5: {Position: 3, Version: 3, Stream: "s"},
		6: {Position: 4, Version: 1, Stream: "other"},
	} {
		if result := mustResult(t, futures[i]); result.First != want.Position || result.Version(want.Stream) != want.Version {
			t.Errorf("command %d: %+v, want position %d and version %d", i, result, want.Position, want.Version)
		}
	}
	var order []string
	for _, event := range readAll(t, store) {
		order = append(order, fmt.Sprint(event.Stream, event.Version, "=", string(event.Data)))
	}
	if want := []string{"s1=0", "s2=2", "s3=5", "other1=6"}; !slices.Equal(order, want) {
		t.Errorf("the log is %v, want %v", order, want)
	}
}

// A future that was never submitted is told, and the others are waited for.
func TestWaitAllOfNil(t *testing.T) {
	store := openInMemory(t, groupcommit.Config{})
	future := store.Submit(t.Context(), groupcommit.To("s", groupcommit.NoStream, happened(1)))
	results, err := groupcommit.WaitAll(t.Context(), nil, future)
	if err == nil || !strings.Contains(err.Error(), "index 0 is nil") || len(results) != 2 || results[1].First != 1 {
		t.Errorf("%+v, %v", results, err)
	}
}
