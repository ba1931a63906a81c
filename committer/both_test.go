package committer_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit/committer"
)

// calls gives hooks each of which notes its call under a name.
func calls(name string, log *[]string) committer.Hooks {
	note := func(hook string) { *log = append(*log, name+" "+hook) }
	return committer.Hooks{
		Judged: func(committer.JudgeInfo) { note("judged") },
		Sending: func(context.Context, committer.CommitInfo) func(error) {
			note("sending")
			return func(error) { note("answered") }
		},
		Committed: func(committer.CommitInfo) { note("committed") },
		Failed:    func(committer.Class, error) { note("failed") },
		Settled:   func(committer.Settlement) { note("settled") },
		TurnTaken: func(time.Duration) { note("taken") },
		TurnLost:  func(error) { note("lost") },
		Stopped:   func(error) { note("stopped") },
	}
}

// callAll calls every hook once.
func callAll(h committer.Hooks) {
	err := errors.New("an error")
	h.Judged(committer.JudgeInfo{})
	h.Sending(context.Background(), committer.CommitInfo{})(nil)
	h.Committed(committer.CommitInfo{})
	h.Failed(committer.Transient, err)
	h.Settled(committer.SettledCommitted)
	h.TurnTaken(0)
	h.TurnLost(err)
	h.Stopped(err)
}

func TestHooksAnd(t *testing.T) {
	var got, want []string
	callAll(calls("first", &got).And(calls("second", &got)))
	for _, hook := range []string{"judged", "sending", "answered", "committed", "failed", "settled", "taken", "lost", "stopped"} {
		want = append(want, "first "+hook, "second "+hook)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	got, want = nil, nil
	callAll(calls("only", &want))
	callAll(calls("only", &got).And(committer.Hooks{}))
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	got = nil
	callAll(committer.Hooks{}.And(calls("only", &got)))
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if nothing := reflect.ValueOf(committer.Hooks{}.And(committer.Hooks{})); !nothing.IsZero() {
		t.Error("hooks come from nowhere")
	}
}
