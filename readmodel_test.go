package groupcommit_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/groupcommit/groupcommit"
)

// The names that reading is tried with: what LIKE and sorting could take for something else is among them.
var (
	readStreams = []string{"a", "a%", "a_", "ab", "b\\", "Z", "ä", "a%b"}
	readTypes   = []string{"Opened", "Closed", "%", "opened"}
)

// TestReadModel asks for random parts of a random log, and compares with what a filter over all events gives.
func TestReadModel(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{})
		log := fill(t, store)
		rapid.Check(t, func(rt *rapid.T) {
			q := drawRead(rt)
			got, err := gather(q.read(t, store))
			if err != nil {
				rt.Fatalf("%+v: %v", q, err)
			}
			if want := q.expect(log); !slices.Equal(got, want) {
				rt.Fatalf("%+v: got %v, want %v", q, got, want)
			}
		})
	})
}

// fill appends some hundred events in commits of some, and gives them as they are in the log.
func fill(t *testing.T, store *groupcommit.Store) (log []groupcommit.RecordedEvent) {
	for i := range 150 {
		cmd := groupcommit.Command{}
		for n := range 1 + i%3 {
			stream := readStreams[(i*7+n*3)%len(readStreams)]
			event := groupcommit.Event{Type: readTypes[(i+n)%len(readTypes)], Data: fmt.Append(nil, i)}
			cmd.Streams = append(cmd.Streams, groupcommit.StreamWrite{Stream: stream, Events: slices.Repeat([]groupcommit.Event{event}, 1+i%2)})
		}
		mustAppend(t, store, cmd)
	}
	log, err := gatherEvents(store.ReadAll(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// readQuery is a read, and what the model knows of it.
type readQuery struct {
	streams  []string // one: ReadStream, unless several; none: ReadAll
	several  bool     // ReadStreams, however many they are
	grouped  bool
	after    int64
	limit    int
	backward bool
	types    []string
	prefix   string
	pageSize int
}

func drawRead(rt *rapid.T) readQuery {
	q := readQuery{
		after:    rapid.SampledFrom([]int64{0, 0, 1, 7, 100, 449, 1000}).Draw(rt, "after"),
		limit:    rapid.SampledFrom([]int{math.MaxInt, math.MaxInt, 0, 1, 10, 99}).Draw(rt, "limit"),
		backward: rapid.Bool().Draw(rt, "backward"),
		pageSize: rapid.SampledFrom([]int{200, 1, 3, 50}).Draw(rt, "pageSize"),
	}
	if rapid.Bool().Draw(rt, "of types") {
		q.types = rapid.SliceOfN(rapid.SampledFrom(readTypes), 1, 3).Draw(rt, "types")
	}
	switch rapid.IntRange(0, 2).Draw(rt, "kind") {
	case 0:
		q.streams = []string{rapid.SampledFrom(append([]string{"missing"}, readStreams...)).Draw(rt, "stream")}
	case 1:
		q.several, q.grouped = true, rapid.Bool().Draw(rt, "grouped")
		q.streams = rapid.SliceOfN(rapid.SampledFrom(append([]string{"missing"}, readStreams...)), 1, 5).Draw(rt, "streams")
	default:
		q.prefix = rapid.SampledFrom([]string{"", "a", "a%", "a_", "ab", "b\\", "ä", "\u00e4x", "Z"}).Draw(rt, "prefix")
	}
	return q
}

func (q readQuery) read(t *testing.T, store *groupcommit.Store) eventSequence {
	options := []groupcommit.ReadOption{groupcommit.After(q.after), groupcommit.Limit(q.limit), groupcommit.PageSize(q.pageSize)}
	if q.backward {
		options = append(options, groupcommit.Backward())
	}
	if q.types != nil {
		options = append(options, groupcommit.Types(q.types...))
	}
	switch {
	case q.grouped:
		return store.ReadStreams(t.Context(), q.streams, append(options, groupcommit.Grouped())...)
	case q.several:
		return store.ReadStreams(t.Context(), q.streams, options...)
	case len(q.streams) == 1:
		return store.ReadStream(t.Context(), q.streams[0], options...)
	default:
		return store.ReadAll(t.Context(), append(options, groupcommit.StreamPrefix(q.prefix))...)
	}
}

// expect gives the positions that the read should.
func (q readQuery) expect(log []groupcommit.RecordedEvent) (positions []int64) {
	number := position
	if len(q.streams) == 1 && !q.several {
		number = version
	}
	for i := range log {
		e := &log[i]
		inside := number(e) > q.after
		if q.backward {
			inside = q.after == 0 || number(e) < q.after
		}
		named := len(q.streams) == 0 || slices.Contains(q.streams, e.Stream)
		typed := q.types == nil || slices.Contains(q.types, e.Type)
		if inside && named && typed && strings.HasPrefix(e.Stream, q.prefix) {
			positions = append(positions, e.Position)
		}
	}
	slices.SortFunc(positions, func(a, b int64) int {
		return cmp.Or(cmp.Compare(q.group(log, a), q.group(log, b)), q.compare(a, b))
	})
	return positions[:min(len(positions), q.limit)]
}

// group is the place of an event's stream in a read that is grouped, 0 in any other.
func (q readQuery) group(log []groupcommit.RecordedEvent, position int64) int {
	if !q.grouped {
		return 0
	}
	return slices.Index(q.streams, log[position-1].Stream)
}

func (q readQuery) compare(a, b int64) int {
	if q.backward {
		a, b = b, a
	}
	return cmp.Compare(a, b)
}

// gather collects positions, up to an error.
func gather(events eventSequence) (positions []int64, err error) {
	all, err := gatherEvents(events)
	for i := range all {
		positions = append(positions, all[i].Position)
	}
	return positions, err
}

func gatherEvents(events eventSequence) (all []groupcommit.RecordedEvent, err error) {
	for event, err := range events {
		if err != nil {
			return all, err
		}
		all = append(all, event)
	}
	return all, nil
}
