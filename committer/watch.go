package committer

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// watch knows for how long the committer's goroutine has been in code of the user's, who may never give it back. All but since and current
// is set once.
type watch struct {
	limit   time.Duration
	overran func(OverrunInfo)
	start   time.Time // where its clock begins

	since   atomic.Int64           // when the stay began, as a time since start; 0 when there is none, or abandoned
	current atomic.Pointer[string] // the stream that it is about
}

const (
	abandoned = -1
	// hopeless is how many times the limit is too long for something that will ever return.
	hopeless = 10
)

// now is the time since start. It is never 0.
func (w *watch) now() time.Duration { return max(time.Since(w.start), 1) }

// guard has an alarm go off for each stay that does not end. The function that is returned switches it off.
func (w *watch) guard() (off func()) { return newAlarm(w).off }

// alarm looks at a watch when a stay may have become hopeless. Its timer rings in a goroutine of its own, which may be at it when the alarm is
// switched off: mu says which was first, and who comes too late does not wind the timer up again.
type alarm struct {
	watch    *watch
	patience time.Duration

	mu    sync.Mutex // guards the fields below
	timer *time.Timer
	over  bool  // it is switched off
	told  int64 // when the stay began that was told last
}

func newAlarm(w *watch) *alarm {
	a := &alarm{watch: w, patience: hopeless * w.limit}
	a.mu.Lock() // it may ring at once
	defer a.mu.Unlock()
	a.timer = time.AfterFunc(a.patience, a.ring)
	return a
}

func (a *alarm) off() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.over = true
	a.timer.Stop()
}

func (a *alarm) ring() {
	if info, due := a.look(); due {
		a.watch.overran(info)
	}
}

// look tells whether a stay is hopeless that was not told, and winds the timer up for when the next one may be.
func (a *alarm) look() (info OverrunInfo, due bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	since, stream := a.watch.present()
	if a.over || since == abandoned {
		return info, false
	}
	left := a.patience
	if since > 0 && since != a.told {
		info = OverrunInfo{Stream: *stream, Took: a.watch.now() - time.Duration(since)}
		left -= info.Took
	}
	if due = left <= 0; due {
		a.told, left = since, a.patience
	}
	a.timer.Reset(left)
	return info, due
}

// present is when the stay that is not over began, and what it is about; 0 when there is none.
func (w *watch) present() (since int64, stream *string) {
	since, stream = w.since.Load(), w.current.Load()
	if w.since.Load() != since { // the stream may be that of the next one
		return 0, nil
	}
	return since, stream
}

// stay is one visit to code of the user's.
type stay struct {
	watch *watch
	began int64
}

func (w *watch) begin(stream *string) stay {
	s := stay{watch: w, began: int64(w.now())}
	w.current.Store(stream)
	w.since.Store(s.began)
	return s
}

// end returns, unless the goroutine was given up meanwhile: then it ends here, and touches nothing any more.
func (s stay) end() {
	if !s.watch.since.CompareAndSwap(s.began, 0) {
		runtime.Goexit()
	}
	if took := s.watch.now() - time.Duration(s.began); took > s.watch.limit {
		s.watch.overran(OverrunInfo{Stream: *s.watch.current.Load(), Took: took, Returned: true})
	}
}

// Deciding is for how long the decision that is being asked has been running, 0 when there is none. It may be called by any goroutine.
func (c *Committer) Deciding() time.Duration {
	since := c.watch.since.Load()
	if since <= 0 {
		return 0
	}
	return c.watch.now() - time.Duration(since)
}

// Abandon gives up the committer's goroutine if it has been in one decision for so long. If it returns true, that goroutine touches nothing
// any more, whatever the decision does later: all that was the committer's is the caller's, who may call Sent.
func (c *Committer) Abandon(after time.Duration) bool {
	since := c.watch.since.Load()
	return since > 0 && c.watch.now()-time.Duration(since) >= after && c.watch.since.CompareAndSwap(since, abandoned)
}

// Sent gives the entries whose commits were sent and not answered when the committer was abandoned or its goroutine ended, and hears no answers.
func (c *Committer) Sent() map[*Entry]bool {
	sent := make(map[*Entry]bool)
	for _, f := range c.flights {
		for i, e := range f.plan.entries {
			sent[e] = f.plan.verdicts[i].result.First > 0
		}
	}
	c.snapshots.end()
	if c.turn.state == held && c.config.Turns != nil {
		close(c.turn.ending)
	}
	c.leave()
	return sent
}
