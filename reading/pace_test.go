package reading_test

import (
	"context"
	"iter"
	"slices"
	"testing"

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
		{"small events, as many as the default allows", make([]int, 2500), nil, []int{200, 1000, 1000, 300}},
		{"small events, as many as are asked for", make([]int, 120), []reading.Option{reading.PageSize(50)}, []int{50, 50, 20}},
		{"more than the default", make([]int, 9000), []reading.Option{reading.PageSize(5000)}, []int{200, 5000, 3800}},
		{"large events, as many as take a MiB", slices.Repeat([]int{mebibyte / 10}, 210), nil, []int{200, 9, 1}},
		{"one is larger than a page", slices.Repeat([]int{2 * mebibyte}, 202), nil, []int{200, 1, 1, 0}},
		{"small ones again", slices.Concat(make([]int, 199), []int{4 * mebibyte}, make([]int, 700)), nil, []int{200, 49, 651}},
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

// Subscriptions at one place share pages, and yet none has a batch that is larger than it asked for.
func TestPagesOfSubscriptions(t *testing.T) {
	log := &pagedLog{Log: memlog.New(), sizes: make([]int, 2500)}
	r, owner := reading.New(log, reading.Config{})
	defer owner.Stop()
	for _, test := range []struct {
		pageSize int
		batches  []int
	}{{1000, []int{200, 1000, 1000, 300}}, {900, []int{200, 900, 900, 500}}, {10, slices.Repeat([]int{10}, 250)}} {
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
	}
}
