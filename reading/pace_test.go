package reading_test

import (
	"context"
	"iter"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/memlog"
	"github.com/groupcommit/groupcommit/reading"
)

// pagedLog has events with so many bytes of data each, and notes how many each page has.
type pagedLog struct {
	*memlog.Log
	sizes []int
	pages []int
}

func (l *pagedLog) Read(_ context.Context, s reading.Selection) (events []command.RecordedEvent, err error) {
	for n := s.After + 1; n <= min(s.UpTo, int64(len(l.sizes))) && len(events) < s.Limit; n++ {
		events = append(events, command.RecordedEvent{Position: n, Stream: "s", Version: n, Type: "T", Data: make([]byte, l.sizes[n-1])})
	}
	l.pages = append(l.pages, len(events))
	return events, nil
}

func (l *pagedLog) Tip(context.Context, int64) (command.Checkpoint, uuid.UUID, error) {
	return command.Checkpoint{Position: int64(len(l.sizes)), CommitID: uuid.Max}, uuid.Max, nil
}

const mebibyte = 1 << 20

func TestPages(t *testing.T) {
	for _, test := range []struct {
		name    string
		sizes   []int
		options []reading.Option
		pages   []int
	}{
		{"small events, as many as the default allows", make([]int, 2500), nil, []int{200, 800, 1000, 500}},
		{"small events, as many as are asked for", make([]int, 120), []reading.Option{reading.PageSize(50)}, []int{50, 50, 20}},
		{"more than the default", make([]int, 9000), []reading.Option{reading.PageSize(5000)}, []int{200, 800, 3200, 4800}},
		{"large events, as many as take a MiB", slices.Repeat([]int{mebibyte / 10}, 210), nil, []int{200, 9, 1}},
		{"one is larger than a page", slices.Repeat([]int{2 * mebibyte}, 202), nil, []int{200, 1, 1, 0}},
		{"small ones again", slices.Concat(make([]int, 199), []int{4 * mebibyte}, make([]int, 700)), nil, []int{200, 49, 196, 455}},
	} {
		t.Run(test.name, func(t *testing.T) {
			log := &pagedLog{Log: memlog.New(), sizes: test.sizes}
			r, owner := reading.New(log, reading.Config{})
			defer owner.Stop()
			for _, err := range r.ReadAll(t.Context(), test.options...) {
				if err != nil {
					t.Fatal(err)
				}
			}
			if !slices.Equal(log.pages, test.pages) {
				t.Errorf("pages of %v events, want %v", log.pages, test.pages)
			}
		})
	}
}

// Subscriptions with the same PageSize share the pages behind the first, and none has a batch that is larger than it asked for.
func TestPagesOfSubscriptions(t *testing.T) {
	log := &pagedLog{Log: memlog.New(), sizes: make([]int, 2500)}
	r, owner := reading.New(log, reading.Config{})
	defer owner.Stop()
	for _, test := range []struct {
		pageSize int
		batches  []int
		pages    int // that are read for them
	}{
		{1000, []int{200, 800, 1000, 500}, 4},
		{1000, []int{200, 800, 1000, 500}, 1},
		{900, []int{200, 800, 900, 600}, 4},
		{10, slices.Repeat([]int{10}, 250), 250},
	} {
		log.pages = nil
		next, stop := iter.Pull2(r.SubscribeBatches(t.Context(), 0, reading.PageSize(test.pageSize)))
		defer stop() // what it has read is kept until then
		var batches []int
		for last := int64(0); last < 2500; {
			batch, err, _ := next()
			if err != nil {
				t.Fatal(err)
			}
			batches, last = append(batches, len(batch.Events)), batch.Last.Position
		}
		if !slices.Equal(batches, test.batches) {
			t.Errorf("PageSize %d: batches of %v events, want %v", test.pageSize, batches, test.batches)
		}
		if len(log.pages) != test.pages {
			t.Errorf("PageSize %d: %d pages were read, want %d", test.pageSize, len(log.pages), test.pages)
		}
	}
}

// barrenLog is long, and has nothing that a filter lets through.
type barrenLog struct {
	*memlog.Log
	windows []int64 // that were looked through
}

const barren = 10_000_000

func (l *barrenLog) Read(_ context.Context, s reading.Selection) ([]command.RecordedEvent, error) {
	l.windows = append(l.windows, s.UpTo-s.After)
	return nil, nil
}

func (l *barrenLog) Tip(context.Context, int64) (command.Checkpoint, uuid.UUID, error) {
	return command.Checkpoint{Position: barren, CommitID: uuid.Max}, uuid.Max, nil
}

// What is rare is looked for in windows that grow, also where a page may have one event.
func TestWindowsGrow(t *testing.T) {
	for _, limit := range []int{1, 2, 3, 1000} {
		log := &barrenLog{Log: memlog.New()}
		r, owner := reading.New(log, reading.Config{})
		defer owner.Stop()
		for _, err := range r.ReadAll(t.Context(), reading.Types("rare"), reading.Backward(), reading.Limit(limit)) {
			t.Fatalf("read something: %v", err)
		}
		if first, reads := log.windows[0], len(log.windows); first != 1000 || slices.Max(log.windows) != 100_000 || reads != 106 {
			t.Errorf("Limit %d: %d reads of %d up to %d numbers, want 106 of 1,000 up to 100,000", limit, reads, first, slices.Max(log.windows))
		}
	}
}

// slowLog takes its time over each event, unless that is not waited for.
type slowLog struct {
	*pagedLog
	each   time.Duration
	missed int // answers that came too late
}

func (l *slowLog) Read(ctx context.Context, s reading.Selection) ([]command.RecordedEvent, error) {
	events, err := l.pagedLog.Read(ctx, s)
	select {
	case <-time.After(time.Duration(len(events)) * l.each):
		return events, err
	case <-ctx.Done():
		l.missed++
		return nil, context.Cause(ctx)
	}
}

// Over a link on which a page takes longer than an answer is waited for, a subscription asks for less until it gets on, and for more only when there
// is time for it.
func TestSlowLink(t *testing.T) {
	for each, missed := range map[time.Duration]int{0: 0, 100 * time.Millisecond: 0, time.Second: 2, 50 * time.Second: 7} {
		t.Run(each.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &slowLog{pagedLog: &pagedLog{Log: memlog.New(), sizes: make([]int, 1000)}, each: each}
				r, owner := reading.New(log, reading.Config{})
				defer owner.Stop()
				last := int64(0)
				for batch, err := range r.SubscribeBatches(t.Context(), 0) {
					if err != nil {
						t.Fatal(err)
					}
					if last = batch.Last.Position; last == 1000 {
						break
					}
				}
				if last != 1000 || log.missed != missed {
					t.Errorf("got to %d, and %d answers came too late, want %d", last, log.missed, missed)
				}
			})
		})
	}
}

// A small event at the end of a log does not say that those to come are as small.
func TestLittleIsConcludedFromLittle(t *testing.T) {
	log := &pagedLog{Log: memlog.New(), sizes: make([]int, 1)}
	r, owner := reading.New(log, reading.Config{PollInterval: time.Millisecond})
	defer owner.Stop()
	for batch, err := range r.SubscribeBatches(t.Context(), 0, reading.PageSize(10_000)) {
		if err != nil {
			t.Fatal(err)
		}
		if batch.Last.Position == 1 {
			log.sizes = append(log.sizes, slices.Repeat([]int{mebibyte / 10}, 300)...)
			continue
		}
		if n := len(batch.Events); n != 200 {
			t.Errorf("the page behind a small event has %d large ones", n)
		}
		break
	}
}
