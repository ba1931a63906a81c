package batcher_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/groupcommit/groupcommit/batcher"
)

// BenchmarkSubmit measures the way into a batch: the consumer takes and resolves
// at once. With parallel=p there are p submitting goroutines per processor.
func BenchmarkSubmit(b *testing.B) {
	for _, parallel := range []int{1, 8, 64, 512} {
		b.Run(fmt.Sprintf("parallel=%d", parallel), func(b *testing.B) {
			batches := 0
			bt := consumed(b, batcher.Config{}, &batches)
			item := new(int)
			b.ReportAllocs()
			b.SetParallelism(parallel)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := bt.Submit(b.Context(), item, 230); err != nil {
						b.Error(err)
					}
				}
			})
			if err := bt.Flush(b.Context()); err != nil {
				b.Error(err)
			}
			b.ReportMetric(float64(b.N)/float64(batches), "items/batch")
		})
	}
}

// BenchmarkAlone measures what the Batcher adds to the latency of a lone item:
// submit, gather, hand over, Done.
func BenchmarkAlone(b *testing.B) {
	bt := batcher.New[*int](batcher.Config{})
	item := new(int)
	b.ReportAllocs()
	for b.Loop() {
		if err := bt.Submit(b.Context(), item, 230); err != nil {
			b.Fatal(err)
		}
		(<-bt.Batches()).Done()
	}
	bt.Close()
	for range bt.Batches() {
	}
}

// consumed returns a Batcher whose batches are taken and resolved at once, and
// counted; the count may be read after a Flush.
func consumed(b *testing.B, cfg batcher.Config, batches *int) *batcher.Batcher[*int] {
	bt := batcher.New[*int](cfg)
	var wg sync.WaitGroup
	wg.Go(func() {
		for batch := range bt.Batches() {
			*batches++
			batch.Done()
		}
	})
	b.Cleanup(func() {
		bt.Close()
		wg.Wait()
	})
	return bt
}
