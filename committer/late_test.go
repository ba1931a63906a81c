package committer_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/memlog"
)

// late holds back the answer of a commit that is in the log.
type late struct {
	*memlog.Log
	hold func(*committer.Commit)
}

func (l *late) Append(ctx context.Context, c *committer.Commit, link *committer.Link) error {
	err := l.Log.Append(ctx, c, link)
	if l.hold != nil {
		l.hold(c)
	}
	return err
}

// W is committed; its answer is on the way. Another process commits F after it and acknowledges. Then a command that expects F arrives.
func TestConflictOlderThanTheCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &late{Log: memlog.New()}
		c := committer.New(log, committer.Config{})
		foreign := committer.New(log.Log, committer.Config{})
		commit(t, c, log, write("s", command.Any, "1"), write("w", command.Any, "1"))

		answer := make(chan struct{})
		log.hold = func(*committer.Commit) { <-answer }
		es, _ := entries(log, write("w", command.Any, "2"))
		c.Begin(t.Context(), es, func() {})
		synctest.Wait()         // W is in the log, its answer is not here
		c.Handle(<-c.Answers()) // owned
		log.hold = nil
		if v := commit(t, foreign, log, write("s", command.Exact(1), "foreign"))[0]; v.err != nil {
			t.Fatal(v.err)
		}
		es, vs := entries(log, write("s", command.Exact(2), "after the foreign one"))
		go func() { time.Sleep(time.Millisecond); close(answer) }()
		c.Begin(t.Context(), es, func() {})
		for !c.Idle() {
			c.Handle(<-c.Answers())
		}
		wantVersion(t, vs[0], 5, 3)
	})
}
