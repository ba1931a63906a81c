package main

import (
	"reflect"
	"testing"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/internal/oracle"
)

// A seed decides what the commands are; a number, which one it is; and a repetition is the same.
func TestCommandsFollowFromTheSeed(t *testing.T) {
	a, b, other := &script{seed: 1}, &script{seed: 1}, &script{seed: 2}
	different, withID := 0, 0
	for n := range 1000 {
		number := number(1, n)
		streams := a.streams(number)
		cmd := a.compose(number, streams)
		if again := b.compose(number, b.streams(number)); !reflect.DeepEqual(cmd, again) {
			t.Fatalf("%+v and %+v", cmd, again)
		}
		if !reflect.DeepEqual(streams, other.streams(number)) {
			different++
		}
		if cmd.ID != [16]byte{} {
			withID++
		}
		if err := cmd.Check(&command.Limits{EventBytes: 1000, MetadataBytes: 1, CommandBytes: 10_000, CommandEvents: 10, CommandStreams: 3, NameBytes: 100}); err != nil {
			t.Fatalf("%+v: %v", cmd, err)
		}
		if !reflect.DeepEqual(oracle.Streams(&cmd), streams) {
			t.Fatalf("%+v made of %+v", cmd, streams)
		}
		index := 0
		for _, s := range cmd.Streams {
			for _, e := range s.Events {
				if ofNumber, ofIndex := origin(e.ID); ofNumber != number || ofIndex != index {
					t.Fatalf("event %d of command %d says it is event %d of %d", index, number, ofIndex, ofNumber)
				}
				index++
			}
		}
	}
	if different < 900 || withID < 200 || withID > 500 {
		t.Errorf("%d of 1000 differ with the seed, %d have an ID", different, withID)
	}
}

// Versions that were heard of are expected.
func TestScriptLearns(t *testing.T) {
	s := &script{seed: 1}
	s.learn(&oracle.Attempt{Result: command.Result{Versions: []command.StreamVersion{{Stream: "warm-1", Version: 7}, {Stream: "new-1", Version: 1}}}})
	s.learn(&oracle.Attempt{Conflict: &command.ConflictError{Stream: "warm-2", Actual: 9}})
	for stream, want := range map[string]command.Expect{"warm-1": 7, "warm-2": 9, "warm-3": command.NoStream} {
		found := false
		for n := range 20 {
			found = found || s.expectation(s.random(uint64(n)), stream) == want
		}
		if !found {
			t.Errorf("nobody expects %v of %s", want, stream)
		}
	}
	if _, kept := s.believed.Load("new-1"); kept {
		t.Error("what is never met again is kept")
	}
}
