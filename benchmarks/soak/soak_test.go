package main

import (
	"context"
	"errors"
	"io"
	"iter"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/internal/workload"
)

// small is a soak of a moment.
func small(out io.Writer) *soak {
	return newSoak(&config{duration: 500 * time.Millisecond, clients: 4, streams: 50}, out)
}

func TestSoak(t *testing.T) {
	t.Setenv("DATABASE_URL", pgtest.URL(t))
	var text strings.Builder
	s := small(&text)
	if err := s.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(s.samples) != 10 || !strings.Contains(text.String(), "ok  the money adds up") || !strings.Contains(text.String(), "passed") {
		t.Errorf("%d samples\n%s", len(s.samples), text.String())
	}
	for _, sample := range s.samples {
		if sample.heap <= 0 || sample.system <= sample.heap || sample.goroutines <= 0 || sample.events <= 0 || sample.commits <= 0 || sample.indexes <= 0 {
			t.Errorf("%+v", sample)
		}
	}
	var wal int64
	for _, sample := range s.samples {
		wal += sample.wal
	}
	if wal <= 0 || wal > 1e9 || s.commands() == 0 {
		t.Errorf("%d bytes of WAL for %d commands", wal, s.commands())
	}
	schema := regexp.MustCompile(`groupcommit_soak_\w+`).FindString(text.String())
	var left int
	err := pgtest.Conn(t).QueryRow(t.Context(), "SELECT count(*) FROM pg_namespace WHERE nspname = $1", schema).Scan(&left)
	if err != nil || schema == "" || left > 0 {
		t.Errorf("schema %q is still there, or %v", schema, err)
	}
	for line := range strings.Lines(text.String()) {
		if n := len(strings.TrimSuffix(line, "\n")); n > 130 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

func TestInterruptionBeforeThereIsAnythingToJudge(t *testing.T) {
	t.Setenv("DATABASE_URL", pgtest.URL(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var text strings.Builder
	if err := small(&text).run(ctx); err != nil || strings.Contains(text.String(), "passed") {
		t.Errorf("%v\n%s", err, text.String())
	}
}

func TestServerThatIsNotThereIsAnError(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://127.0.0.1:1/nowhere")
	if err := small(io.Discard).run(t.Context()); err == nil {
		t.Error("no error")
	}
}

// inMemory is a store and a load on it that has begun.
func inMemory(t *testing.T) (*groupcommit.Store, *mix) {
	t.Helper()
	store, err := groupcommit.OpenInMemory(groupcommit.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	m := newMix(store, 50)
	if err := m.preload.Run(t.Context(), m.receipts); err != nil {
		t.Fatal(err)
	}
	return store, m
}

// still takes samples in which nothing moves.
func still(_ context.Context, result workload.Result) (sample, error) {
	return sample{result: result}, nil
}

func TestInterruptedSoakIsJudged(t *testing.T) {
	store, m := inMemory(t)
	ctx, cancel := context.WithCancel(t.Context())
	var text strings.Builder
	s := small(&text)
	err := s.judge(ctx, m, func(ctx context.Context, result workload.Result) (sample, error) {
		cancel()
		return still(ctx, result)
	}, store.ReadAll(t.Context()))
	if err != nil || len(s.samples) != 1 || !strings.Contains(text.String(), "too short to tell") || !strings.Contains(text.String(), "passed") {
		t.Errorf("%v\n%s", err, text.String())
	}
}

// growing takes samples of a heap that grows.
func growing() takeSample {
	n := int64(0)
	return func(_ context.Context, result workload.Result) (sample, error) {
		n++
		return sample{result: result, heap: n * 50e6}, nil
	}
}

func gone(context.Context, workload.Result) (sample, error) {
	return sample{}, errors.New("the server is gone")
}

func refuse(context.Context, int) (workload.Outcome, error) {
	return workload.Outcome{}, workload.ErrOutOfStock
}

func TestVerdicts(t *testing.T) {
	for _, test := range []struct {
		name string
		take takeSample
		do   workload.Do // in the place of the first part of the mix
		lost int64       // position of an event
		want string
	}{
		{name: "an event is lost", take: still, lost: 85, want: "it does not hold that the log is exactly what was acknowledged"},
		{name: "a command is refused", take: still, do: refuse, want: "refused by a business rule"},
		{name: "the heap grows", take: growing(), want: "the live heap has grown"},
		{name: "the server is gone", take: gone, want: "the server is gone"},
	} {
		t.Run(test.name, func(t *testing.T) {
			store, m := inMemory(t)
			if test.do != nil {
				m.parts[0].do = test.do
			}
			var text strings.Builder
			err := small(&text).judge(t.Context(), m, test.take, without(store.ReadAll(t.Context()), test.lost))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q in it", err, test.want)
			}
			if strings.Contains(text.String(), "passed") {
				t.Error(text.String())
			}
		})
	}
}

// without is a log that lacks the event at a position.
func without(log iter.Seq2[groupcommit.RecordedEvent, error], position int64) iter.Seq2[groupcommit.RecordedEvent, error] {
	return func(yield func(groupcommit.RecordedEvent, error) bool) {
		for event, err := range log {
			if event.Position != position && !yield(event, err) {
				return
			}
		}
	}
}

func TestCommandWithoutAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan struct{})
		m := &mix{}
		m.add(100, func(context.Context, int) (workload.Outcome, error) {
			<-answer
			return workload.Outcome{}, nil
		})
		_, err := m.drive(t.Context(), 3, time.Minute)
		if err == nil || !strings.Contains(err.Error(), "3 commands have had no answer") {
			t.Errorf("%v", err)
		}
		close(answer)
	})
}

func TestMixHasItsShares(t *testing.T) {
	_, m := inMemory(t)
	counts := map[*part]int{}
	for n := range 100 {
		counts[m.pick(n)]++
	}
	for i := range m.parts {
		if p := &m.parts[i]; counts[p] != p.share || p.share == 0 {
			t.Errorf("workload %d has %d of 100 commands, want %d", i, counts[p], p.share)
		}
	}
}

func TestFlags(t *testing.T) {
	c, err := parse([]string{"-duration=1h", "-clients=7", "-streams=9"}, io.Discard)
	if err != nil || *c != (config{time.Hour, 7, 9}) {
		t.Errorf("%+v, %v", c, err)
	}
	for _, args := range []string{"-duration=10ms", "-clients=0", "-streams=0", "more"} {
		if _, err := parse([]string{args}, io.Discard); err == nil {
			t.Errorf("%s is accepted", args)
		}
	}
}
