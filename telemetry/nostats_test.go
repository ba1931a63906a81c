package telemetry_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/memlog"
	"github.com/groupcommit/groupcommit/pipeline"
	"github.com/groupcommit/groupcommit/telemetry"
)

// uncounted is a store that does not count, and whose log loses what it is given.
type uncounted struct {
	*pipeline.Pipeline
	*memlog.Log
}

func newUncounted() *uncounted {
	u := &uncounted{Log: memlog.New()}
	u.Pipeline = pipeline.New(pipeline.Config{NoStats: true}, u)
	return u
}

func (u *uncounted) Append(context.Context, *committer.Commit, *committer.Link) error {
	return &committer.Failure{Class: committer.Lost, Err: command.ErrLostCommits}
}

// A store that does not count has stopped all the same, for /ready, the metrics and the targets; and no more is kept of it than of another.
func TestStoreThatDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, n := newUncounted(), &told{}
		opened := time.Now()
		seen := look(t, store, telemetry.Config{
			Targets: telemetry.Targets{MinCommands: 1, Unknown: 1}, Cooldown: 2 * time.Hour, Notify: []telemetry.Notifier{n.notify},
		})
		if _, err := store.Submit(t.Context(), command.To("stream", command.Any, command.Event{Type: "Happened"})).Wait(t.Context()); err == nil {
			t.Fatal("it is written")
		}
		time.Sleep(time.Hour)
		n.want(t, "stopped missed")
		if names, _ := failed(seen.CheckReady(t.Context())); names != "writing" {
			t.Errorf("%q have failed", names)
		}
		got := scrape(t, seen)
		if got["groupcommit_stopped"] != 1 || got["groupcommit_opened_timestamp_seconds"] != float64(opened.UnixMilli())/1000 {
			t.Errorf("stopped %v, opened %v", got["groupcommit_stopped"], got["groupcommit_opened_timestamp_seconds"])
		}
		if kept := telemetry.Samples(seen); kept > 20 {
			t.Errorf("%d samples are kept of a minute", kept)
		}
		if err := store.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}
