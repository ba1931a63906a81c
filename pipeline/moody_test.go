package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/memlog"
	"github.com/groupcommit/groupcommit/pipeline"
)

// moody are the turns of a process that are hard to get, are lost at random, and answer late.
type moody struct {
	*memlog.Process
	weather *watched
}

func (m *moody) Take(ctx context.Context, query committer.Query) (committer.Snapshot, error) {
	if m.weather.weather() {
		return committer.Snapshot{}, &committer.Failure{Class: committer.Transient, Row: -1, Err: errWeather}
	}
	snapshot, err := m.Process.Take(ctx, query)
	m.weather.weather()
	return snapshot, err
}

func (m *moody) Awaited(ctx context.Context) (bool, error) {
	if m.weather.weather() {
		m.Process.Pass(ctx)
	}
	return m.Process.Awaited(ctx)
}

func (m *moody) Pass(ctx context.Context) {
	m.weather.weather()
	m.Process.Pass(ctx)
}

// Processes come and go, on a log and with turns that fail at random. Every command is told what is so, and every process comes to its end.
func TestMoodyTurns(t *testing.T) {
	const rounds, processes, lives = 20, 3, 3
	told := make(map[string]int)
	for range rounds {
		synctest.Test(t, func(t *testing.T) {
			log := memlog.New()
			var mu sync.Mutex
			var wg sync.WaitGroup
			for process := range processes {
				wg.Go(func() {
					for life := range lives {
						counts := live(t, newWatched(t, log), fmt.Sprintf("%d-%d", process, life))
						mu.Lock()
						for what, n := range counts {
							told[what] += n
						}
						mu.Unlock()
					}
				})
			}
			wg.Wait()
		})
	}
	t.Log(told)
	if told["committed"] < 1000 || told["not written"] < 100 {
		t.Error("too few of a kind to mean anything")
	}
}

// live is the life of a process that is closed while it works, with patience or without. It tells how many commands were told what.
func live(t *testing.T, w *watched, name string) (told map[string]int) {
	p := pipeline.New(pipeline.Config{Committer: committer.Config{Turns: &moody{w.Log.Process(), w}}}, w)
	var wg sync.WaitGroup
	var mu sync.Mutex
	told = make(map[string]int)
	for client := range 10 {
		wg.Go(func() {
			for i := 0; ; i++ {
				own := command.StreamWrite{Stream: fmt.Sprint(name, "-", client, "-", i), Expect: command.NoStream, Events: one.Streams[0].Events}
				_, err := p.Submit(t.Context(), command.Command{Streams: []command.StreamWrite{own, one.Streams[0]}}).Wait(t.Context())
				what := judge(t, w.Log, own.Stream, err)
				mu.Lock()
				told[what]++
				mu.Unlock()
				if errors.Is(err, command.ErrClosed) {
					return
				}
			}
		})
	}
	time.Sleep(time.Duration(w.number(2000)) * time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(w.number(2)*w.number(100))*time.Millisecond)
	defer cancel()
	if err := p.Close(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	wg.Wait()
	return told
}

// judge checks that what a command was told is so, and gives it a name.
func judge(t *testing.T, log *memlog.Log, stream string, err error) string {
	version, _ := log.StreamVersion(t.Context(), stream)
	switch {
	case err == nil && version == 1:
		return "committed"
	case errors.Is(err, command.ErrOutcomeUnknown):
		return "unknown"
	case (errors.Is(err, command.ErrNotWritten) || errors.Is(err, command.ErrClosed)) && version == 0:
		return "not written"
	default:
		t.Errorf("%s is at version %d, and was told %v", stream, version, err)
		return "lied to"
	}
}
