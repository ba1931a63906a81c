package telemetry

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/stats"
)

// ReadyLimits say what is still good enough to be sent work. A zero field has its default.
type ReadyLimits struct {
	// Timeout is how long the database may take to answer; defaults to 2 s.
	Timeout time.Duration
	// QueueFull is the part of the queue's room that may be taken, 0 to 1; defaults to 0.9.
	QueueFull float64
	// Stalled is for how long nothing may move on while commands wait; defaults to 1 min. Let it be more than Config.RetryFor of the store.
	Stalled time.Duration
	// Lag is how old the oldest event may be that a reader has not handled; defaults to 1 min. A reader that has stopped is not ready either. Negative:
	// readers do not count, for a service that can do its work however far behind they are. Projections lag in all processes at once.
	Lag time.Duration
}

func (l ReadyLimits) withDefaults() ReadyLimits {
	return ReadyLimits{
		Timeout:   cmp.Or(l.Timeout, 2*time.Second),
		QueueFull: cmp.Or(l.QueueFull, 0.9),
		Stalled:   cmp.Or(l.Stalled, time.Minute),
		Lag:       cmp.Or(l.Lag, time.Minute),
	}
}

// Health is what /health and /ready answer, as JSON.
type Health struct {
	OK     bool    `json:"ok"`
	Checks []Check `json:"checks,omitempty"`
}

// Check is one thing that was looked at.
type Check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Reason string `json:"reason,omitempty"` // why it is not OK
}

// Health serves whether the process is alive: it answers, so it is. It does not fail for anything that a restart would not mend, and not
// for anything that a restart would hide: a store that has stopped because commits were lost would, opened anew, go on without them.
func (t *Telemetry) Health() http.Handler {
	return t.guarded(func(w http.ResponseWriter, _ *http.Request) { answer(w, Health{OK: true}) })
}

// Ready serves whether the store can be given work, with status 200 or 503: database reachable and schema right, writing not stopped, queue
// not full, commits moving on, readers not too far behind. However many ask, the database is asked once a second at most.
func (t *Telemetry) Ready() http.Handler {
	return t.guarded(func(w http.ResponseWriter, r *http.Request) { answer(w, t.CheckReady(r.Context())) })
}

func answer(w http.ResponseWriter, h Health) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !h.OK {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(h) // who went away has no need of it
}

// CheckReady is what Ready serves. It waits for the database for ReadyLimits.Timeout at most; ctx ends only the wait for one who asks already.
func (t *Telemetry) CheckReady(ctx context.Context) Health {
	s, limits := t.store.Stats(), &t.config.Ready
	h := Health{OK: true}
	h.check("database", t.ready.ask(ctx, t.store, limits.Timeout))
	h.check("writing", stopped(&s))
	h.check("queue", full(&s, limits.QueueFull))
	h.check("commits", stalled(&s, limits.Stalled))
	if limits.Lag < 0 {
		return h
	}
	for _, lag := range t.lags() {
		h.check("reader "+lag.Name, behind(lag, limits.Lag))
	}
	return h
}

// check adds a check, which has failed where there is a reason.
func (h *Health) check(name, reason string) {
	h.Checks = append(h.Checks, Check{Name: name, OK: reason == "", Reason: reason})
	h.OK = h.OK && reason == ""
}

// pingEvery is how long an answer of the database counts.
const pingEvery = time.Second

// readiness keeps the newest answer of the database. turn, of capacity 1, is held while it is asked, and guards the rest: who comes meanwhile
// gets the same answer.
type readiness struct {
	turn   chan struct{}
	asked  time.Time
	reason string
}

func (r *readiness) ask(ctx context.Context, store Store, timeout time.Duration) (reason string) {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return "nobody waited for the answer"
	}
	if !r.asked.IsZero() && time.Since(r.asked) < pingEvery {
		return r.reason
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout) // others may wait for the answer, too
	defer cancel()
	r.reason = unreachable(store.Ping(ctx), timeout)
	r.asked = time.Now()
	return r.reason
}

// unreachable says why, in words that hold nothing of the connection: errors of the driver name hosts and users.
func unreachable(err error, timeout time.Duration) string {
	schema, ok := errors.AsType[*command.SchemaError](err)
	switch {
	case err == nil:
		return ""
	case ok:
		return schema.Error()
	case errors.Is(err, command.ErrClosed):
		return command.ErrClosed.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("the database did not answer within %v", timeout)
	default:
		return "the database cannot be reached, or refuses to answer"
	}
}

func stopped(s *stats.Stats) string {
	for _, reason := range []error{command.ErrLostCommits, command.ErrForeignRow} {
		if errors.Is(s.Stopped, reason) {
			return reason.Error()
		}
	}
	if s.Stopped != nil {
		return "writing has stopped"
	}
	return ""
}

func full(s *stats.Stats, limit float64) string {
	if taken := s.Queue.Full(); taken >= limit {
		return fmt.Sprintf("%.0f %% of the room is taken: %d commands, %d bytes", 100*taken, s.Queue.Commands, s.Queue.Bytes)
	}
	return ""
}

func stalled(s *stats.Stats, limit time.Duration) string {
	if s.Stalled >= limit {
		return fmt.Sprintf("commands wait, and nothing has moved on for %v", s.Stalled.Round(time.Second))
	}
	return ""
}

func behind(lag Lag, limit time.Duration) string {
	if lag.Stopped {
		return "it has ended with an error"
	}
	if lag.Age >= limit {
		return fmt.Sprintf("%d events behind, the oldest since %v", lag.Events, lag.Age.Round(time.Second))
	}
	return ""
}
