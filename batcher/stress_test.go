package batcher_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit/batcher"
)

// TestStress runs producers, consumers and flushers against each other and closes
// in the middle. Every accepted item must come out exactly once, those of one
// producer in their order, and what a Flush promised must be so when it returns.
func TestStress(t *testing.T) {
	for name, cfg := range map[string]batcher.Config{
		"default":   {QueueItems: 64, QueueBytes: 1000, MaxItems: 20, MaxBytes: 300, Linger: 50 * time.Microsecond},
		"no eager":  {QueueItems: 64, QueueBytes: 1000, MaxItems: 20, MaxBytes: 300, Linger: 50 * time.Microsecond, NoEager: true},
		"no linger": {QueueItems: 64, QueueBytes: 1000, MaxItems: 20, MaxBytes: 300, Linger: -1},
		"no batch":  {QueueItems: 64, QueueBytes: 1000, Linger: -1, NoEager: true},
		"wide":      {MaxItems: 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newStress(t, cfg).run()
		})
	}
}

const (
	producers  = 8
	closeAfter = 5_000 // items
)

type stress struct {
	*batcher.Batcher[item]
	t        *testing.T
	cfg      batcher.Config
	accepted [producers]atomic.Int64 // items whose submission returned nil
	resolved [producers]atomic.Int64 // items in batches that are about to be Done
}

type item struct{ producer, seq, size int }

func newStress(t *testing.T, cfg batcher.Config) *stress {
	return &stress{Batcher: batcher.New[item](cfg), t: t, cfg: cfg}
}

func (s *stress) run() {
	taken := make(chan *batcher.Batch[item], 4)
	var in, out sync.WaitGroup
	for p := range producers {
		in.Go(func() { s.produce(p) })
	}
	in.Go(s.flushRepeatedly)
	for range 3 {
		out.Go(func() { s.resolve(taken) })
	}
	got := s.takeAll(taken)
	in.Wait()
	out.Wait()

	for p := range producers {
		if want := int(s.accepted[p].Load()); len(got[p]) != want {
			s.t.Errorf("producer %d: %d items came out, %d were accepted", p, len(got[p]), want)
		}
		for i, seq := range got[p] {
			if seq != i {
				s.t.Fatalf("producer %d: item %d came out where %d was due", p, seq, i)
			}
		}
	}
	if items, bytes := s.Queued(); items != 0 || bytes != 0 {
		s.t.Errorf("%d items and %d bytes of room are lost", items, bytes)
	}
}

// produce submits until the Batcher is closed, in all three ways. A sequence
// number is used up only by an accepted item.
func (s *stress) produce(p int) {
	for seq := 0; ; {
		it := item{p, seq, rand.IntN(60)}
		ctx, cancel := context.WithTimeout(s.t.Context(), time.Duration(rand.IntN(200))*time.Microsecond)
		var err error
		switch rand.IntN(3) {
		case 0:
			err = s.Submit(s.t.Context(), it, it.size)
		case 1:
			err = s.Submit(ctx, it, it.size)
		case 2:
			err = s.TrySubmit(it, it.size)
		}
		cancel()
		switch {
		case err == nil:
			seq++
			s.accepted[p].Store(int64(seq))
		case errors.Is(err, batcher.ErrClosed):
			return
		case !errors.Is(err, batcher.ErrFull) && !errors.Is(err, context.DeadlineExceeded):
			s.t.Errorf("producer %d: %v", p, err)
		}
	}
}

// takeAll takes every batch, in order, and closes the Batcher on the way.
func (s *stress) takeAll(taken chan<- *batcher.Batch[item]) (got [producers][]int) {
	defer close(taken)
	total := 0
	for batch := range s.Batches() {
		s.checkLimits(batch)
		for _, it := range batch.Items {
			got[it.producer] = append(got[it.producer], it.seq)
		}
		total += len(batch.Items)
		taken <- batch
		if total >= closeAfter {
			s.Close()
		}
	}
	return got
}

func (s *stress) checkLimits(batch *batcher.Batch[item]) {
	bytes := 0
	for _, it := range batch.Items {
		bytes += it.size
	}
	if bytes != batch.Bytes {
		s.t.Errorf("batch of %d bytes says %d", bytes, batch.Bytes)
	}
	if n := len(batch.Items); n == 0 || s.cfg.MaxItems > 0 && n > s.cfg.MaxItems || s.cfg.MaxBytes > 0 && n > 1 && bytes > s.cfg.MaxBytes {
		s.t.Errorf("batch of %d items and %d bytes", n, bytes)
	}
}

// resolve is one of several consumers, so batches become Done in any order. It
// uses its right to overwrite what it was given.
func (s *stress) resolve(taken <-chan *batcher.Batch[item]) {
	for batch := range taken {
		for _, it := range batch.Items {
			s.resolved[it.producer].Add(1)
		}
		clear(batch.Items)
		batch.Items, batch.Bytes, batch.Reason = nil, 0, 0
		batch.Done()
	}
}

func (s *stress) flushRepeatedly() {
	// Too large for any queue: it is never accepted and only asks.
	for !errors.Is(s.TrySubmit(item{}, math.MaxInt), batcher.ErrClosed) {
		var before [producers]int64
		for p := range before {
			before[p] = s.accepted[p].Load()
		}
		if err := s.Flush(s.t.Context()); err != nil {
			s.t.Errorf("Flush: %v", err)
		}
		for p := range before {
			if after := s.resolved[p].Load(); after < before[p] {
				s.t.Errorf("producer %d: Flush returned with %d items resolved, %d were accepted before", p, after, before[p])
			}
		}
	}
}
