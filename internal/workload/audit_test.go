package workload

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/groupcommit/groupcommit"
)

// sample is a log of all workloads and what is known of how it came about.
type sample struct {
	events   []groupcommit.RecordedEvent
	receipts *Receipts
	bank     *Bank
	shop     *Shop
}

func newSample(t *testing.T) *sample {
	t.Helper()
	store := inMemory(t)
	receipts := NewReceipts(store)
	if err := (Preload{}).Run(t.Context(), receipts); err != nil {
		t.Fatal(err)
	}
	s := &sample{receipts: receipts, bank: NewBank(receipts, "", true), shop: NewShop(receipts, "")}
	for _, do := range []Do{s.bank.Do, s.shop.Do, NewBatches(receipts, 10).Do, NewStreams(receipts, 5).Do} {
		if result := Drive(t.Context(), Load{Clients: 4, Commands: 60}, do); result.Commands != 60 {
			t.Fatalf("%+v", result)
		}
	}
	s.events = mustReadAll(t, store)
	return s
}

// violated gives what is said of each invariant that does not hold for these events.
func (s *sample) violated(t *testing.T, events []groupcommit.RecordedEvent) map[string]string {
	t.Helper()
	invariants := map[string]Invariant{
		"contiguous": Contiguous(),
		"kept":       s.receipts.Kept(),
		"money":      Money(Preload{}, s.bank),
		"goods":      Goods(Preload{}, s.shop),
		"in place":   InPlace(),
	}
	said := map[string]string{}
	for name, invariant := range invariants {
		n, findings, err := Audit(logOf(events), invariant)
		if err != nil || n != len(events) || findings[0].Invariant != invariant {
			t.Fatalf("%d events, %+v, %v", n, findings, err)
		}
		if findings[0].Err != nil {
			said[name] = findings[0].Err.Error()
		}
	}
	return said
}

// find gives the place of the first event behind the preload for which is holds.
func find(t *testing.T, events []groupcommit.RecordedEvent, is func(e *groupcommit.RecordedEvent) bool) int {
	t.Helper()
	for i := 80; i < len(events); i++ {
		if is(&events[i]) {
			return i
		}
	}
	t.Fatal("no such event")
	return 0
}

func ofType(name string) func(*groupcommit.RecordedEvent) bool {
	return func(e *groupcommit.RecordedEvent) bool { return e.Type == name }
}

func TestInvariantsFailOnAWrongLog(t *testing.T) {
	s := newSample(t)
	if said := s.violated(t, s.events); len(said) > 0 {
		t.Fatalf("a log that is as it should be: %v", said)
	}
	type log = []groupcommit.RecordedEvent
	for _, test := range []struct {
		name  string
		spoil func(t *testing.T, events log) log
		want  string // violated invariants, sorted
	}{
		{"the last event is missing", func(_ *testing.T, events log) log { return events[:len(events)-1] }, "kept"},
		{"an event in the middle is missing", func(t *testing.T, events log) log {
			i := find(t, events, ofType("TransactionInitiated"))
			return slices.Delete(events, i, i+1)
		}, "contiguous kept money"},
		{"an event that nobody wrote", func(_ *testing.T, events log) log {
			position := int64(len(events) + 1)
			return append(events, groupcommit.RecordedEvent{Position: position, Stream: "s", Version: 1, Type: "SomethingElse"})
		}, "kept"},
		{"an event twice", func(_ *testing.T, events log) log { return append(events, events[len(events)-1]) }, "contiguous kept"},
		{"a version is skipped", func(_ *testing.T, events log) log {
			events[len(events)-1].Version++
			return events
		}, "contiguous kept"},
		{"an event of another type", func(_ *testing.T, events log) log {
			events[len(events)-1].Type = "SomethingElse"
			return events
		}, "kept"},
		{"another amount", func(t *testing.T, events log) log {
			i := find(t, events, ofType("TransactionInitiated"))
			events[i].Data = bytes.Replace(events[i].Data, []byte(`"amount":`), []byte(`"amount":1`), 1)
			return events
		}, "money"},
		{"an account is overdrawn", func(t *testing.T, events log) log {
			i := find(t, events, ofType("TransactionInitiated"))
			events[i].Data = []byte(`{"amount":-1000000000}`)
			return events
		}, "money"},
		{"an order without its event", func(t *testing.T, events log) log {
			i := find(t, events, ofType("OrderPlaced"))
			events[i].Stream = "elsewhere"
			return events
		}, "goods kept"},
		{"an order in another one's stream", func(t *testing.T, events log) log {
			i := find(t, events, ofType("OrderPlaced"))
			events[i].Data = bytes.Replace(events[i].Data, []byte(`"id":"`), []byte(`"id":"x`), 1)
			return events
		}, "goods"},
		{"an order that is not reserved in full", func(t *testing.T, events log) log {
			i := find(t, events, ofType("StockReserved"))
			events[i].Data = bytes.Replace(events[i].Data, []byte(`"quantity":`), []byte(`"quantity":1`), 1)
			return events
		}, "goods"},
		{"a reservation for an order that is not there", func(t *testing.T, events log) log {
			i := find(t, events, ofType("StockReserved"))
			events[i].Data = bytes.Replace(events[i].Data, []byte(`"order":"`), []byte(`"order":"x`), 1)
			return events
		}, "goods"},
		{"a product is short", func(_ *testing.T, events log) log {
			i := slices.IndexFunc(events, func(e groupcommit.RecordedEvent) bool { return e.Type == "StockAdded" })
			events[i].Data = []byte(`{"quantity":1}`)
			return events
		}, "goods"},
		{"a reading in another one's place", func(t *testing.T, events log) log {
			last := len(events) - 1
			other := find(t, events, func(e *groupcommit.RecordedEvent) bool {
				return e.Type == readingTaken && e.Stream != events[last].Stream
			})
			events[last].Data = events[other].Data
			return events
		}, "in place"},
		{"the events of a batch out of order", func(t *testing.T, events log) log {
			i := find(t, events, func(e *groupcommit.RecordedEvent) bool {
				return e.Version == 5 && strings.HasPrefix(e.Stream, "batch-")
			})
			events[i].Data, events[i+1].Data = events[i+1].Data, events[i].Data
			return events
		}, "in place"},
		{"nothing can be read", func(_ *testing.T, events log) log {
			for i := range events {
				events[i].Data = []byte("[]")
			}
			return events
		}, "goods in place money"},
	} {
		t.Run(test.name, func(t *testing.T) {
			said := s.violated(t, test.spoil(t, slices.Clone(s.events)))
			var names []string
			for name, what := range said {
				names = append(names, name)
				t.Logf("%s: %s", name, what)
			}
			slices.Sort(names)
			if got := strings.Join(names, " "); got != test.want {
				t.Errorf("violated: %q, want %q", got, test.want)
			}
		})
	}
}

func TestAuditTellsThatTheLogCannotBeRead(t *testing.T) {
	damage := errors.New("the log is damaged")
	n, findings, err := Audit(func(yield func(groupcommit.RecordedEvent, error) bool) {
		_ = yield(groupcommit.RecordedEvent{Position: 1, Stream: "s", Version: 1}, nil) && yield(groupcommit.RecordedEvent{}, damage)
	}, Contiguous())
	if n != 1 || findings != nil || !errors.Is(err, damage) {
		t.Errorf("%d events, %v, %v", n, findings, err)
	}
}

func TestInvariantsSayWhatTheyAre(t *testing.T) {
	s := newSample(t)
	seen := map[string]bool{}
	for _, invariant := range []Invariant{Contiguous(), s.receipts.Kept(), Money(Preload{}), Goods(Preload{}), InPlace()} {
		if text := fmt.Sprint(invariant); text == "" || seen[text] {
			t.Errorf("%q", text)
		} else {
			seen[text] = true
		}
	}
}
