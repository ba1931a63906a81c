package batcher_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/groupcommit/groupcommit/batcher"
)

// A producer and a consumer: what arrives while the consumer works is its next
// batch.
func Example() {
	ctx := context.Background()
	b := batcher.New[string](batcher.Config{})

	var consumer sync.WaitGroup
	lines := 0
	consumer.Go(func() {
		for batch := range b.Batches() {
			lines += len(batch.Items) // write them all with one flush to disk
			batch.Done()
		}
	})

	for i := range 10_000 {
		line := fmt.Sprintf("line %d", i)
		if err := b.Submit(ctx, line, len(line)); err != nil {
			fmt.Println(err)
		}
	}
	if err := b.Flush(ctx); err != nil {
		fmt.Println(err)
	}
	b.Close()
	consumer.Wait()
	fmt.Println(lines)
	// Output: 10000
}
