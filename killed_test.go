package groupcommit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/internal/worker"
)

// A process is killed while it writes, at a random acknowledgement, and another one repeats all its commands with the same IDs. What was
// acknowledged is there and was there before; every command is there once, and whole. A quarter of -kills processes are killed.
func TestClientKilledUnderLoad(t *testing.T) {
	schema := pgtest.Schema(t)
	store := openPostgres(t, groupcommit.Config{Schema: schema})
	repeated := 0
	for round := range max(1, *kills/4) {
		acked := killWriter(t, killedOrder{URL: pgtest.URL(t), Schema: schema, Round: round})
		var futures []*groupcommit.Future
		for n := range killedCommands {
			futures = append(futures, store.Submit(t.Context(), killedCommand(round, n)))
		}
		for n, future := range futures {
			result, err := future.Wait(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if first, ok := acked[n]; ok && (!result.Duplicate || result.First != first) {
				t.Errorf("round %d, command %d was acknowledged at position %d: %+v", round, n, first, result)
			}
			if result.Duplicate {
				repeated++
			}
		}
		for s := range killedStreams {
			wantVersion(t, store, killedStream(round, s), 2*killedCommands/killedStreams)
		}
	}
	t.Logf("%d commands had taken effect before", repeated)
	sound(t, store)
}

// killWriter starts a process and kills it when it has told of some commands. It returns where these were written.
func killWriter(t *testing.T, order killedOrder) (acked map[int]int64) {
	t.Helper()
	process, err := worker.Start(killedTask)
	if err != nil {
		t.Fatal(err)
	}
	defer process.Close()
	if err := process.Send(order); err != nil {
		t.Fatal(err)
	}
	acked = make(map[int]int64)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	last := 1 + rand.IntN(killedCommands/2)
	for {
		var ack killedAck
		switch err := process.Receive(ctx, &ack); {
		case errors.Is(err, io.EOF):
			return acked
		case err != nil:
			t.Fatal(err)
		}
		acked[ack.Number] = ack.First
		if len(acked) == last {
			process.Kill()
		}
	}
}

const (
	killedTask     = "write until killed"
	killedCommands = 400 // of a round
	killedStreams  = 4
)

type killedOrder struct {
	URL, Schema string
	Round       int
}

type killedAck struct {
	Number int
	First  int64
}

// killedCommand writes an event to each of two streams.
func killedCommand(round, n int) groupcommit.Command {
	cmd := groupcommit.Command{ID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%d %d", round, n))}
	for _, s := range []int{n % killedStreams, (n + 1) % killedStreams} {
		cmd.Streams = append(cmd.Streams, groupcommit.StreamWrite{Stream: killedStream(round, s), Events: []groupcommit.Event{happened(n)}})
	}
	return cmd
}

func killedStream(round, s int) string { return fmt.Sprintf("killed-%d-%d", round, s) }

func runKilled(ctx context.Context, link *worker.Link) error {
	var order killedOrder
	if err := link.Receive(&order); err != nil {
		return err
	}
	store, err := groupcommit.Open(ctx, groupcommit.Config{DatabaseURL: order.URL, Schema: order.Schema, BatchCommands: 10})
	if err != nil {
		return err
	}
	futures := make([]*groupcommit.Future, killedCommands)
	for n := range futures {
		futures[n] = store.Submit(ctx, killedCommand(order.Round, n))
	}
	for n, future := range futures {
		result, err := future.Wait(ctx)
		if err != nil {
			return err
		}
		if err := link.Send(killedAck{n, result.First}); err != nil {
			return err
		}
	}
	return store.Close(ctx)
}
