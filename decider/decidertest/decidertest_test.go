package decidertest_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/decider"
	"github.com/groupcommit/groupcommit/decider/decidertest"
)

var (
	counters = decider.New(func(n int, e groupcommit.RecordedEvent) (int, error) {
		if e.Type == "Odd" {
			return n, errOdd
		}
		return n + 1, nil
	})
	errFull = errors.New("full")
	errOdd  = errors.New("odd")
)

// count appends an event to a counter that has less than two.
func count(eventType string) groupcommit.Command {
	counter := counters.At("counter")
	return decider.Command(func(d *decider.Decision) error {
		if n := counter.State(d); n >= 2 {
			return fmt.Errorf("at %d: %w", n, errFull)
		} else if n == 1 && eventType == "Second" {
			return nil
		}
		counter.Append(d, groupcommit.JSON(eventType, map[string]int{"a": 1, "b": 2}))
		return nil
	})
}

var counted = groupcommit.Event{Type: "Counted", Data: []byte(`{"b": 2, "a": 1}`)}

func TestOutcomes(t *testing.T) {
	given := decidertest.Given(t).Stream("counter", counted)
	given.When(count("Second")) // it succeeds, and need not be looked at
	given.When(count("Second")).ThenNothing()
	given.When(count("Counted")).Then("counter", counted).Then("other")
	given.When(count("Counted")).ThenError(errFull)
	given.When(count("")).ThenError(errFull)

	decidertest.Given(t).When(count("Odd")).ThenError(errOdd)
	for _, cmd := range []groupcommit.Command{count(""), decider.Command(nil)} {
		err := decidertest.Given(t).When(cmd).Err()
		if _, ok := errors.AsType[*groupcommit.InvalidError](err); !ok {
			t.Errorf("got %v", err)
		}
	}
}

func TestConflict(t *testing.T) {
	err := decidertest.Given(t).Stream("a", counted).When(decider.Command(func(d *decider.Decision) error {
		d.To("a", groupcommit.NoStream, counted)
		return nil
	})).Err()
	if conflict, ok := errors.AsType[*groupcommit.ConflictError](err); !ok || conflict.Actual != 1 {
		t.Errorf("got %v", err)
	}
}

// failing is a test that counts its errors.
type failing struct {
	testing.TB
	errors  int
	cleanup []func()
}

func (f *failing) Helper()               {}
func (f *failing) Error(...any)          { f.errors++ }
func (f *failing) Errorf(string, ...any) { f.errors++ }
func (f *failing) Fatalf(string, ...any) { f.errors++ }
func (f *failing) Cleanup(end func())    { f.cleanup = append(f.cleanup, end) }

func TestWhatIsNotWantedIsTold(t *testing.T) {
	for name, check := range map[string]func(*decidertest.History){
		"missing":              func(h *decidertest.History) { h.When(count("Counted")).Then("counter", counted, counted) },
		"too many":             func(h *decidertest.History) { h.When(count("Counted")).Then("counter") },
		"other type":           func(h *decidertest.History) { h.When(count("Other")).Then("counter", counted) },
		"other data":           func(h *decidertest.History) { h.When(count("A")).Then("counter", groupcommit.JSON("A", 1)) },
		"not nothing":          func(h *decidertest.History) { h.When(count("A")).ThenNothing() },
		"no error":             func(h *decidertest.History) { h.When(count("A")).ThenError(errFull) },
		"an error":             func(h *decidertest.History) { h.When(count("Odd")).Then("counter", counted) },
		"an error for nothing": func(h *decidertest.History) { h.When(count("Odd")).ThenNothing() },
		"nobody has looked":    func(h *decidertest.History) { h.When(count("Odd")) },
		"an error that is nil": func(h *decidertest.History) { h.When(count("A")).ThenError(nil) },
		"no stream":            func(h *decidertest.History) { h.Stream("", counted) },
		"no type":              func(h *decidertest.History) { h.Stream("counter", groupcommit.Event{}) },
	} {
		f := &failing{TB: t}
		check(decidertest.Given(f))
		for _, end := range f.cleanup {
			end()
		}
		if f.errors != 1 {
			t.Errorf("%s: %d errors, want 1", name, f.errors)
		}
	}
}
