package groupcommit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit"
)

// shedding is more load than there is room for: clients that wait for what they are told, others that leave soon, and others that never wait.
// None of them remembers a command. mu guards counts.
type shedding struct {
	store  *groupcommit.Store
	wg     sync.WaitGroup
	stop   context.CancelFunc
	breath sync.RWMutex // is held for reading while a client does not just wait

	mu     sync.Mutex
	counts map[string]int // commands, by what they were told
}

const shedBytes = 4 << 10 // of data, in each command

func startShedding(t *testing.T, store *groupcommit.Store) *shedding {
	ctx, stop := context.WithCancel(t.Context())
	l := &shedding{store: store, stop: stop, counts: make(map[string]int)}
	data := []byte(`"` + strings.Repeat("x", shedBytes-2) + `"`)
	for name, kind := range map[string]struct {
		clients int
		submit  func(context.Context, groupcommit.Command) error
	}{"patient": {100, l.wait}, "leaving": {100, l.leave}, "trying": {20, l.try}} {
		for i := range kind.clients {
			cmd := groupcommit.To(fmt.Sprint(name, "-", i), groupcommit.Any, groupcommit.Event{Type: "Happened", Data: data})
			l.wg.Go(func() {
				for ctx.Err() == nil {
					l.tell(t, kind.submit(t.Context(), cmd))
				}
			})
		}
	}
	t.Cleanup(l.end)
	return l
}

func (l *shedding) wait(ctx context.Context, cmd groupcommit.Command) error {
	_, err := l.store.Append(ctx, cmd)
	return err
}

func (l *shedding) leave(ctx context.Context, cmd groupcommit.Command) error {
	l.breath.RLock()
	defer l.breath.RUnlock()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	return l.wait(ctx, cmd)
}

func (l *shedding) try(ctx context.Context, cmd groupcommit.Command) error {
	time.Sleep(time.Millisecond) // others need the processors, too
	l.breath.RLock()
	defer l.breath.RUnlock()
	_, err := l.store.TrySubmit(ctx, cmd).Result()
	return err
}

// What a command was told.
const (
	toldWritten    = "written"
	toldFull       = "queue full"
	toldLeft       = "not written, having left"
	toldNotWritten = "not written"
	toldUnknown    = "unknown"
	toldNothing    = "nothing yet" // nobody will ask again
)

func (l *shedding) tell(t *testing.T, err error) {
	var told string
	switch {
	case err == nil:
		told = toldWritten
	case errors.Is(err, groupcommit.ErrQueueFull):
		told = toldFull
	case errors.Is(err, groupcommit.ErrOutcomeUnknown):
		told = toldUnknown
	case errors.Is(err, groupcommit.ErrNotWritten) && errors.Is(err, context.DeadlineExceeded):
		told = toldLeft
	case errors.Is(err, groupcommit.ErrNotWritten):
		told = toldNotWritten
	case errors.Is(err, groupcommit.ErrPending), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		told = toldNothing
	default:
		t.Errorf("a command was told: %v", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[told]++
}

func (l *shedding) count(told string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts[told]
}

// await returns when so many more commands have been told this.
func (l *shedding) await(t *testing.T, told string, more int) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for want := l.count(told) + more; l.count(told) < want; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("in a minute less than %d commands were told %q", more, told)
		}
	}
}

// liveHeap is what the heap holds while nobody but who just waits has anything to do with the store.
func (l *shedding) liveHeap() int64 {
	l.breath.Lock()
	defer l.breath.Unlock()
	return liveHeap()
}

// end returns when all clients have left. It may be called again.
func (l *shedding) end() {
	l.stop()
	l.wg.Wait()
}
