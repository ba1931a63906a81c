package workload

import (
	"encoding/json"
	"testing"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
)

func TestWorkloadsKeepTheirInvariants(t *testing.T) {
	for _, test := range []struct {
		name     string
		commands int
		events   int
		make     func(t *testing.T, store Store) (Do, Invariant)
	}{
		{"W1a", 1000, 1334, func(_ *testing.T, s Store) (Do, Invariant) {
			bank := NewBank(s, "", false)
			return bank.Do, Money(Preload{}, bank)
		}},
		{"W1b", 1000, 1667, func(_ *testing.T, s Store) (Do, Invariant) {
			bank := NewBank(s, "", true)
			return bank.Do, Money(Preload{}, bank)
		}},
		{"W1b optimistic", 1000, 1667, func(_ *testing.T, s Store) (Do, Invariant) {
			bank := NewOptimisticBank(s, "", true)
			return bank.Do, Money(Preload{}, bank)
		}},
		{"W2 optimistic", 200, 900, func(_ *testing.T, s Store) (Do, Invariant) {
			shop := NewOptimisticShop(s, "")
			return shop.Do, Goods(Preload{}, shop)
		}},
		{"W2", 200, 900, func(_ *testing.T, s Store) (Do, Invariant) {
			shop := NewShop(s, "")
			return shop.Do, Goods(Preload{}, shop)
		}},
		{"W3", 20, 2000, func(_ *testing.T, s Store) (Do, Invariant) { return NewBatches(s, 100).Do, InPlace() }},
		{"W4", 200, 200, func(_ *testing.T, s Store) (Do, Invariant) { return NewStreams(s, 10).Do, InPlace() }},
		{"W5", 201, 201, func(t *testing.T, s Store) (Do, Invariant) { return NewCold(s, existing(t, s, 101)).Do, InPlace() }},
		{"W6 any", 200, 200, func(_ *testing.T, s Store) (Do, Invariant) { return NewHot(s).Do, InPlace() }},
		{"W6 decided", 200, 200, func(_ *testing.T, s Store) (Do, Invariant) { return NewHot(s).Decide, InPlace() }},
		{"W6 exact", 200, 200, func(_ *testing.T, s Store) (Do, Invariant) { return NewStreams(s, 1).Do, InPlace() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := inMemory(t)
			receipts := NewReceipts(store)
			if err := (Preload{}).Run(t.Context(), receipts); err != nil {
				t.Fatal(err)
			}
			do, invariant := test.make(t, receipts)
			result := Drive(t.Context(), Load{Clients: 8, Commands: test.commands}, do)
			if result.Commands != test.commands || result.Events != test.events || result.Err != nil || result.Refusals != 0 {
				t.Errorf("%+v, want %d commands and %d events", result, test.commands, test.events)
			}
			events, findings, err := Audit(store.ReadAll(t.Context()), Contiguous(), receipts.Kept(), invariant)
			if err != nil {
				t.Fatal(err)
			}
			if int64(events) != receipts.Events() {
				t.Errorf("%d events in the log, %d acknowledged", events, receipts.Events())
			}
			for _, finding := range findings {
				if finding.Err != nil {
					t.Errorf("%s: %v", finding.Invariant, finding.Err)
				}
			}
		})
	}
}

// existing creates this many streams, each with one event.
func existing(t *testing.T, store Store, count int) []string {
	t.Helper()
	names := make([]string, count)
	for i := range names {
		names[i] = uuid.NewString()
		mustAppend(t, store, names[i], groupcommit.NoStream, reading(names[i], 0, 1))
	}
	return names
}

func TestColdGoesRound(t *testing.T) {
	store := inMemory(t)
	streams := existing(t, store, 3)
	if result := Drive(t.Context(), Load{Commands: 15}, NewCold(store, streams).Do); result.Commands != 15 {
		t.Fatalf("%+v", result)
	}
	for i, want := range []int64{4, 4, 3} { // commands 0 to 14: 8 for those that exist
		if got, err := store.StreamVersion(t.Context(), streams[i]); got != want || err != nil {
			t.Errorf("stream %d is at version %d, %v, want %d", i, got, err, want)
		}
	}
	if events := len(mustReadAll(t, store)); events != 18 {
		t.Errorf("%d events, want 3 and 15", events)
	}
}

func TestStreamsBegin(t *testing.T) {
	store := inMemory(t)
	streams := NewStreams(store, 50)
	if err := streams.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	if events := len(mustReadAll(t, store)); events != 50 {
		t.Errorf("%d events, want one in each of 50 streams", events)
	}
	if outcome, err := streams.Do(t.Context(), 0); err != nil || outcome != (Outcome{Events: 1}) {
		t.Errorf("%+v, %v", outcome, err)
	}
}

func TestARunThatIsTooLongIsRefusedAndNotCounted(t *testing.T) {
	store := inMemory(t)
	preload := Preload{Opening: 100, Stock: 10}
	if err := preload.Run(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]Do{"W1b": NewBank(store, "", true).Do, "W2": NewShop(store, "").Do} {
		result := Drive(t.Context(), Load{Clients: 4, Commands: 600}, do)
		if result.Refusals == 0 || result.Commands+result.Refusals != 600 || result.Err != nil || result.SuccessRate() != 1 {
			t.Errorf("%s: %+v", name, result)
		}
	}
}

func TestReadingHasItsSize(t *testing.T) {
	for _, command := range []int{0, 123_456_789} {
		e := reading("3f0c2b7e-6a41-4d0b-9a55-1f6f2f3f9d10", command, 1000)
		if len(e.Data) != ReadingBytes {
			t.Errorf("%d bytes: %s", len(e.Data), e.Data)
		}
		var r ReadingTaken
		if err := json.Unmarshal(e.Data, &r); err != nil || r.Command != command || r.Sequence != 1000 {
			t.Errorf("%+v, %v", r, err)
		}
	}
}
