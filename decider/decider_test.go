package decider_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/decider"
	"github.com/groupcommit/groupcommit/stats"
)

// account is the state that most tests fold: how much there is.
type account struct{ Balance, Moves int64 }

type moved struct{ By int64 }

func evolve(a account, e groupcommit.RecordedEvent) (account, error) {
	if e.Type != "Moved" {
		return a, nil
	}
	var m moved
	if err := json.Unmarshal(e.Data, &m); err != nil {
		return a, err
	}
	return account{a.Balance + m.By, a.Moves + 1}, nil
}

var errPoor = errors.New("not enough")

func move(by int64) groupcommit.Event { return groupcommit.JSON("Moved", moved{by}) }

// A thousand decisions on one stream chain on each other, in few commits.
func TestHotStream(t *testing.T) {
	commits := 0
	store := open(t, groupcommit.Config{Hooks: groupcommit.Hooks{Committed: func(groupcommit.CommitInfo) { commits++ }}})
	accounts := decider.New(evolve)
	a := accounts.At("a")
	var futures []*groupcommit.Future
	for range 1000 {
		futures = append(futures, decider.Submit(t.Context(), store, func(d *decider.Decision) error {
			a.Append(d, move(a.State(d).Balance+1-a.State(d).Balance))
			return nil
		}, a))
	}
	for i, f := range futures {
		result, err := f.Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := result.Version("a"); got != int64(i+1) {
			t.Fatalf("decision %d made version %d", i, got)
		}
	}
	if commits > 100 {
		t.Errorf("%d commits", commits)
	}
	if states := store.Stats().States; states.Misses != 1 || states.Streams != 1 {
		t.Errorf("%+v", states)
	}
}

func TestStatesAreCounted(t *testing.T) {
	store := open(t, groupcommit.Config{StateStreams: 1})
	accounts := decider.New(evolve, decider.Size(func(account) int { return 1000 }))
	for _, stream := range []string{"a", "a", "b", "a"} {
		if _, err := decider.Submit(t.Context(), store, func(*decider.Decision) error { return nil }, accounts.At(stream)).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	states := store.Stats().States
	if states.Bytes < 1000 || states.Bytes > 2000 {
		t.Errorf("%d bytes", states.Bytes)
	}
	if want := (stats.States{Hits: 1, Misses: 3, Evictions: 2, Streams: 1, Bytes: states.Bytes, MaxStreams: 1, MaxBytes: 64 << 20}); states != want {
		t.Errorf("%+v, want %+v", states, want)
	}
}

func TestTransfer(t *testing.T) {
	store := open(t, groupcommit.Config{})
	accounts := decider.New(evolve)
	a, b := accounts.At("a"), accounts.At("b")
	if _, err := store.Append(t.Context(), groupcommit.To("a", groupcommit.NoStream, move(100))); err != nil {
		t.Fatal(err)
	}
	transfer := func(amount int64) *groupcommit.Future {
		return decider.Submit(t.Context(), store, func(d *decider.Decision) error {
			if a.State(d).Balance < amount {
				return fmt.Errorf("transfer of %d: %w", amount, errPoor)
			}
			a.Append(d, move(-amount))
			b.Append(d, move(amount))
			return nil
		}, a, b)
	}
	first, second, third := transfer(70), transfer(40), transfer(30)
	if result, err := first.Wait(t.Context()); err != nil || result.Version("a") != 2 || result.Version("b") != 1 {
		t.Errorf("%+v, %v", result, err)
	}
	if _, err := second.Wait(t.Context()); !errors.Is(err, errPoor) {
		t.Errorf("got %v", err)
	}
	if result, err := third.Wait(t.Context()); err != nil || result.First != 4 || result.Last != 5 {
		t.Errorf("%+v, %v", result, err)
	}
}

// Plain commands and decisions see each other.
func TestMixedWithPlain(t *testing.T) {
	store := open(t, groupcommit.Config{})
	a := decider.New(evolve).At("a")
	var futures []*groupcommit.Future
	for i := range 500 {
		futures = append(futures, store.Submit(t.Context(), groupcommit.To("a", groupcommit.Any, move(1))))
		futures = append(futures, decider.Submit(t.Context(), store, func(d *decider.Decision) error {
			if got := a.State(d); got.Moves != a.Version(d) || got.Moves != int64(2*i+1) {
				return fmt.Errorf("decision %d: state %+v at version %d", i, got, a.Version(d))
			}
			a.Append(d, move(1))
			return nil
		}, a))
	}
	if _, err := groupcommit.WaitAll(t.Context(), futures...); err != nil {
		t.Fatal(err)
	}
}

func TestDiscovery(t *testing.T) {
	store := open(t, groupcommit.Config{})
	accounts := decider.New(evolve)
	for i := range 5 {
		if _, err := store.Append(t.Context(), groupcommit.To(fmt.Sprint("a", i), groupcommit.NoStream, move(int64(i)))); err != nil {
			t.Fatal(err)
		}
	}
	walk := func(to int) *groupcommit.Future {
		return decider.Submit(t.Context(), store, func(d *decider.Decision) error {
			sum := int64(0)
			for at := 0; at < to; at++ {
				state := accounts.At(fmt.Sprint("a", at)).State(d)
				if state.Moves == 0 {
					panic("on a state that does not count")
				}
				sum += state.Balance
			}
			d.To("sum", groupcommit.NoStream, move(sum))
			return nil
		})
	}
	if _, err := walk(5).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	for event, err := range store.ReadStream(t.Context(), "sum") {
		if string(event.Data) != `{"By":10}` || err != nil {
			t.Errorf("%s, %v", event.Data, err)
		}
	}
	_, err := decider.Submit(t.Context(), store, func(d *decider.Decision) error {
		for at := 0; ; at++ {
			if accounts.At(fmt.Sprint("a", at)).Version(d) == 0 && at > 50 {
				return nil
			}
			if at > 100 {
				panic(at)
			}
		}
	}).Wait(t.Context())
	t.Log(err)
}

func TestGuardOnlyAndNothing(t *testing.T) {
	store := open(t, groupcommit.Config{})
	a := decider.New(evolve).At("a")
	result, err := decider.Submit(t.Context(), store, func(d *decider.Decision) error { return nil }, a).Wait(t.Context())
	if err != nil || result.First != 0 || len(result.Versions) != 1 {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestID(t *testing.T) {
	store := open(t, groupcommit.Config{})
	a := decider.New(evolve).At("a")
	id := uuid.New()
	once := func(key string) (groupcommit.Result, error) {
		return decider.Submit(t.Context(), store, func(d *decider.Decision) error {
			if a.Version(d) > 0 {
				return errPoor
			}
			a.Append(d, move(1))
			return nil
		}, a, decider.ID(id, key)).Wait(t.Context())
	}
	first, err := once("k")
	if err != nil {
		t.Fatal(err)
	}
	again, err := once("k")
	if err != nil || !again.Duplicate || again.First != first.First || again.Version("a") != 1 {
		t.Errorf("%+v, %v", again, err)
	}
	if _, err := once("other"); err == nil {
		t.Error("another key was accepted")
	} else if _, ok := errors.AsType[*groupcommit.ReusedIDError](err); !ok {
		t.Error(err)
	}
}

// A repetition that would now write to another stream is not told a version of that one.
func TestRepetitionNamesTheStreamsThatWereGiven(t *testing.T) {
	store := open(t, groupcommit.Config{})
	a := decider.New(evolve).At("a")
	id := decider.ID(uuid.New(), "k")
	for n, stream := range []string{"b", "c"} {
		result, err := decider.Submit(t.Context(), store, func(d *decider.Decision) error {
			d.To(stream, groupcommit.Any, move(1))
			return nil
		}, a, id).Wait(t.Context())
		if err != nil || result.Duplicate != (n > 0) {
			t.Fatalf("%+v, %v", result, err)
		}
		if n > 0 && (len(result.Versions) != 1 || result.Versions[0].Stream != "a") {
			t.Errorf("%+v", result.Versions)
		}
	}
}
