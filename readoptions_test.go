package groupcommit_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
)

func TestReadRefusesOptions(t *testing.T) {
	store := openInMemory(t, groupcommit.Config{})
	if _, err := store.StreamVersion(t.Context(), ""); wantError[*groupcommit.ReadOptionError](t, err).Option != "stream" {
		t.Errorf("the version of no stream: %v", err)
	}
	checkpoint := groupcommit.From(groupcommit.Checkpoint{Position: 1, CommitID: uuid.New()})
	for option, events := range map[string]eventSequence{
		"PageSize":      store.ReadAll(t.Context(), groupcommit.PageSize(0)),
		"PageSize ":     store.ReadStream(t.Context(), "s", groupcommit.PageSize(10_001)),
		"After":         store.ReadStream(t.Context(), "s", groupcommit.After(-1)),
		"After ":        store.Subscribe(t.Context(), -1),
		"From   ":       store.ReadAll(t.Context(), groupcommit.From(groupcommit.Checkpoint{Position: -1})),
		"Limit":         store.ReadStreams(t.Context(), []string{"s"}, groupcommit.Limit(-1)),
		"options":       store.ReadAll(t.Context(), groupcommit.Backward(), nil),
		"options ":      store.Subscribe(t.Context(), 0, nil),
		"Types ":        store.ReadAll(t.Context(), groupcommit.Types("Happened", "")),
		"Types":         store.ReadAll(t.Context(), groupcommit.Types(slices.Repeat([]string{"T"}, 1001)...)),
		"StreamPrefix":  store.ReadStream(t.Context(), "s", groupcommit.StreamPrefix("s")),
		"From":          store.ReadStream(t.Context(), "s", checkpoint),
		"From ":         store.ReadAll(t.Context(), checkpoint, groupcommit.Backward()),
		"streams":       store.ReadStreams(t.Context(), make([]string, 1001)),
		"stream":        store.ReadStreams(t.Context(), []string{"s", ""}),
		"stream ":       store.ReadStream(t.Context(), ""),
		"Grouped":       store.ReadStream(t.Context(), "s", groupcommit.Grouped()),
		"Grouped ":      store.ReadAll(t.Context(), groupcommit.Grouped()),
		"Grouped  ":     store.Subscribe(t.Context(), 0, groupcommit.Grouped()),
		"From  ":        store.ReadStreams(t.Context(), []string{"s"}, groupcommit.Grouped(), checkpoint),
		"StreamPrefix ": store.ReadStreams(t.Context(), []string{"s"}, groupcommit.Grouped(), groupcommit.StreamPrefix("s")),
		"Subscribe":     store.Subscribe(t.Context(), 0, groupcommit.Backward()),
		"Subscribe ":    store.Subscribe(t.Context(), 0, groupcommit.Limit(1)),
	} {
		_, err := gatherEvents(events)
		if invalid := wantError[*groupcommit.ReadOptionError](t, err); invalid.Option != strings.TrimSpace(option) {
			t.Errorf("%s: refused with %v", option, err)
		}
	}
}

// A checkpoint whose commit the log does not hold, or not there, is not read on from.
func TestReadFromALostCheckpoint(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{})
		mustAppend(t, store, groupcommit.To("s", groupcommit.Any, happened(1), happened(2)))
		end, err := store.End(t.Context())
		if err != nil || end.Position != 2 {
			t.Fatalf("the log ends at %v, %v", end, err)
		}
		mustAppend(t, store, write("s"))
		for _, position := range []int64{1, 2} {
			got, err := gather(store.ReadAll(t.Context(), groupcommit.From(groupcommit.Checkpoint{Position: position, CommitID: end.CommitID})))
			if want := upTo(position, 3); err != nil || !slices.Equal(got, want) {
				t.Errorf("from %d: %v, %v", position, got, err)
			}
		}
		for _, c := range []groupcommit.Checkpoint{
			{Position: 2, CommitID: uuid.New()}, {Position: 3, CommitID: end.CommitID}, {Position: 4, CommitID: end.CommitID},
		} {
			if got, err := gather(store.ReadAll(t.Context(), groupcommit.From(c))); len(got) > 0 || !errors.Is(err, groupcommit.ErrLostCommits) {
				t.Errorf("from %v: %v, %v", c, got, err)
			}
			for batch, err := range store.SubscribeBatches(t.Context(), 0, groupcommit.From(c)) {
				if !errors.Is(err, groupcommit.ErrLostCommits) {
					t.Errorf("subscribed from %v: %v, %v", c, batch, err)
					break
				}
			}
		}
	})
}

func TestPositionAt(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{})
		at := func(when time.Time) int64 {
			position, err := store.PositionAt(t.Context(), when)
			if err != nil {
				t.Fatal(err)
			}
			return position
		}
		if got := at(time.Now()); got != 0 {
			t.Errorf("an empty log ends at %d", got)
		}
		var results []groupcommit.Result
		for i := range 20 {
			results = append(results, mustAppend(t, store, groupcommit.To("s", groupcommit.Any, slices.Repeat([]groupcommit.Event{happened(i)}, 1+i%4)...)))
		}
		for _, r := range results {
			if got := at(r.CommittedAt); got != r.Last {
				t.Errorf("at the time of the commit up to %d: %d", r.Last, got)
			}
			if got := at(r.CommittedAt.Add(-time.Microsecond)); got != r.First-1 {
				t.Errorf("before the commit from %d: %d", r.First, got)
			}
		}
	})
}

func TestUpcast(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		broken := errors.New("no such shape")
		store := open(t, groupcommit.Config{Upcast: func(e groupcommit.RecordedEvent) (groupcommit.RecordedEvent, error) {
			if e.Version == 3 {
				return e, broken
			}
			e.Type = "New" + e.Type
			return e, nil
		}})
		mustAppend(t, store, groupcommit.To("s", groupcommit.Any, happened(1), happened(2), happened(3)))
		for way, events := range map[string]eventSequence{
			"ReadStream":  store.ReadStream(t.Context(), "s"),
			"ReadAll":     store.ReadAll(t.Context()),
			"ReadStreams": store.ReadStreams(t.Context(), []string{"s"}),
		} {
			got, err := gatherEvents(events)
			if len(got) != 2 || got[0].Type != "NewHappened" || !errors.Is(err, broken) {
				t.Errorf("%s: %v, %v", way, got, err)
			}
		}
		if _, err := gatherEvents(store.Subscribe(t.Context(), 0)); !errors.Is(err, broken) {
			t.Errorf("Subscribe: %v", err)
		}
	})
}
