// Package decidertest tests decisions without a store: given events, when a command is decided, then events or an error.
//
//	decidertest.Given(t).
//		Stream("account-1", opened, deposited).
//		When(bank.Withdraw("account-1", 30)).          // a command made by decider.Command
//		Then("account-1", withdrawn)
package decidertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/command"
)

// History is what has happened before.
type History struct {
	tb      testing.TB
	streams map[string][]groupcommit.RecordedEvent
	end     int64
}

// Given begins with a log in which nothing has happened.
func Given(tb testing.TB) *History {
	return &History{tb: tb, streams: make(map[string][]groupcommit.RecordedEvent)}
}

// Stream adds events to a stream.
func (h *History) Stream(name string, events ...groupcommit.Event) *History {
	h.tb.Helper()
	cmd, limits := groupcommit.To(name, groupcommit.Any, events...), command.Limits{SkipJSONCheck: true}.WithDefaults()
	if err := cmd.CheckGuards(&limits); err != nil {
		h.tb.Fatalf("a log has no such events: %v", err)
	}
	h.extend(name, events)
	return h
}

func (h *History) extend(stream string, events []groupcommit.Event) {
	for i := range events {
		h.add(stream, &events[i])
	}
}

// recordedAt is when everything happens here.
var recordedAt = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func (h *History) add(stream string, e *groupcommit.Event) {
	h.end++
	h.streams[stream] = append(h.streams[stream], groupcommit.RecordedEvent{
		Position: h.end, Stream: stream, Version: int64(len(h.streams[stream])) + 1,
		ID: e.ID, Type: e.Type, Data: e.Data, Metadata: e.Metadata, RecordedAt: recordedAt,
	})
}

// When decides a command, as a store would. What it comes to is part of the history for a further When. A failure that nobody looks at, with ThenError
// for example, fails the test when it ends.
func (h *History) When(cmd groupcommit.Command) *Outcome {
	h.tb.Helper()
	if cmd.Decision == nil {
		h.tb.Fatal("the command carries no decision: it is not made by decider.Command")
	}
	o := &Outcome{tb: h.tb, appended: make(map[string][]groupcommit.Event)}
	h.tb.Cleanup(o.wantSeen)
	limits := command.Limits{}.WithDefaults()
	if o.err = cmd.Check(&limits); o.err != nil {
		return o
	}
	subjects := cmd.Decision.Subjects()
	for range maxAsked {
		states, err := h.fold(subjects)
		if err != nil {
			o.err = err
			return o
		}
		decided := cmd.Decision.Decide(subjects, states)
		if len(decided.More) == 0 {
			o.err = h.carryOut(o, subjects, &decided)
			return o
		}
		subjects = append(subjects[:len(subjects):len(subjects)], decided.More...)
	}
	o.err = &groupcommit.InvalidError{Field: "Decision", Reason: fmt.Sprintf("it asked for further streams more than %d times", maxAsked), Limit: maxAsked}
	return o
}

const maxAsked = 10

func (h *History) fold(subjects []command.Subject) ([]command.State, error) {
	states := make([]command.State, len(subjects))
	for i, s := range subjects {
		states[i].Value = s.Folder.Initial()
		for n := range h.streams[s.Stream] {
			e := &h.streams[s.Stream][n]
			value, err := s.Folder.Evolve(states[i].Value, e)
			if err != nil {
				return nil, &groupcommit.EvolveError{Stream: s.Stream, Version: e.Version, Type: e.Type, Err: err}
			}
			states[i] = command.State{Value: value, Version: e.Version}
		}
	}
	return states, nil
}

func (h *History) carryOut(o *Outcome, subjects []command.Subject, decided *command.Decided) error {
	cmd := groupcommit.Command{Streams: decided.Streams}
	if decided.Err != nil {
		return decided.Err
	}
	for _, w := range cmd.Streams {
		if version := int64(len(h.streams[w.Stream])); !w.Expect.Holds(version) {
			return &groupcommit.ConflictError{Stream: w.Stream, Expected: w.Expect, Actual: version}
		}
	}
	if cmd.Events() == 0 {
		return nil
	}
	limits := command.Limits{}.WithDefaults()
	if err := cmd.Check(&limits); err != nil {
		return err
	}
	after := History{streams: make(map[string][]groupcommit.RecordedEvent), end: h.end}
	for stream, events := range h.streams {
		after.streams[stream] = events[:len(events):len(events)]
	}
	for _, w := range cmd.Streams {
		after.extend(w.Stream, w.Events)
	}
	if _, err := after.fold(subjects); err != nil { // an event that cannot be folded is not appended
		return err
	}
	h.streams, h.end = after.streams, after.end
	for _, w := range cmd.Streams {
		if len(w.Events) > 0 {
			o.appended[w.Stream] = w.Events
		}
	}
	return nil
}

// Outcome is what a command came to.
type Outcome struct {
	tb       testing.TB
	appended map[string][]groupcommit.Event
	err      error
	seen     bool // somebody has asked what it is
}

// wantSeen is called when the test has ended.
func (o *Outcome) wantSeen() {
	if o.err != nil && !o.seen {
		o.tb.Errorf("a command failed, and the test did not look at that: %v", o.err)
	}
}

// Then wants these events to be appended to a stream, and no others. Types and data have to be equal, data that is JSON as JSON; metadata and IDs where the
// wanted event has them.
func (o *Outcome) Then(stream string, want ...groupcommit.Event) *Outcome {
	o.tb.Helper()
	o.seen = true
	if o.err != nil {
		o.tb.Errorf("the command failed: %v", o.err)
		return o
	}
	got := o.appended[stream]
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(want):
			o.tb.Errorf("%s: event %d, %s %s, is not wanted", stream, i, got[i].Type, got[i].Data)
		case i >= len(got):
			o.tb.Errorf("%s: event %d, %s %s, is missing", stream, i, want[i].Type, want[i].Data)
		case !same(&got[i], &want[i]):
			o.tb.Errorf("%s: event %d is %s %s, want %s %s", stream, i, got[i].Type, got[i].Data, want[i].Type, want[i].Data)
		}
	}
	return o
}

func same(got, want *groupcommit.Event) bool {
	return got.Type == want.Type && sameData(got.Data, want.Data) &&
		(len(want.Metadata) == 0 || sameData(got.Metadata, want.Metadata)) &&
		(want.ID == [16]byte{} || got.ID == want.ID)
}

func sameData(a, b []byte) bool {
	var x, y any
	if json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil {
		return reflect.DeepEqual(x, y)
	}
	return string(a) == string(b)
}

// ThenNothing wants a success that appends nothing.
func (o *Outcome) ThenNothing() *Outcome {
	o.tb.Helper()
	o.seen = true
	if o.err != nil {
		o.tb.Errorf("the command failed: %v", o.err)
	}
	for stream, events := range o.appended {
		o.tb.Errorf("%d events were appended to %s", len(events), stream)
	}
	return o
}

// ThenError wants the command to fail with an error that errors.Is finds to be want.
func (o *Outcome) ThenError(want error) *Outcome {
	o.tb.Helper()
	o.seen = true
	if want == nil {
		o.tb.Error("ThenError wants an error: Then and ThenNothing are for a success")
	} else if !errors.Is(o.err, want) {
		o.tb.Errorf("the command ended with %v, want %v", o.err, want)
	}
	return o
}

// Err is what the command failed with, nil if it did not.
func (o *Outcome) Err() error {
	o.seen = true
	return o.err
}
