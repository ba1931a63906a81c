package groupcommit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgproxy"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/internal/worker"
)

// Two processes write at random while they are killed, connections are cut and the server crashes. Every subscriber, in this process or behind a proxy,
// filtered or not, is given each event that was committed once, in the order of positions, and nothing else.
func TestSubscribersAmongFaults(t *testing.T) {
	server := pgtest.Server(t)
	store := openPostgres(t, groupcommit.Config{DatabaseURL: server.URL(), Schema: "faults"})
	proxy := pgproxy.New(t, server.URL(), 0)
	reader := openReader(t, groupcommit.Config{DatabaseURL: proxy.URL(), Schema: "faults"})
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	whole := []*subscriber{
		follow(ctx, store.Subscribe(ctx, 0)),
		follow(ctx, store.Subscribe(ctx, 0, groupcommit.PageSize(3))),
		follow(ctx, reader.Subscribe(ctx, 0)),
		follow(ctx, reader.Subscribe(ctx, 0, groupcommit.PageSize(7))),
	}
	const prefix = "1-" // one of the writers
	filtered := []*subscriber{
		follow(ctx, store.Subscribe(ctx, 0, groupcommit.StreamPrefix(prefix))),
		follow(ctx, reader.Subscribe(ctx, 0, groupcommit.StreamPrefix(prefix))),
	}

	writers := []*worker.Process{startWriter(t, server.URL(), 0), startWriter(t, server.URL(), 1)}
	for i, fault := range []func(){
		func() { proxy.Cut(pgproxy.RST) },
		func() { writers[1].Kill(); writers[1] = startWriter(t, server.URL(), 1) },
		func() { mustDo(t, crash(server)) },
		func() { proxy.Cut(pgproxy.FIN) },
		func() { writers[0].Kill(); writers[0] = startWriter(t, server.URL(), 0) },
		func() { mustDo(t, terminateBackends(server)) },
	} {
		awaitGrowth(t, whole[i%len(whole)], 50)
		fault()
	}
	awaitGrowth(t, whole[0], 50)
	for _, w := range writers {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}

	events := readAll(t, store)
	for _, s := range whole {
		s.await(t, 0, int64(len(events)))
	}
	wanted := slices.DeleteFunc(slices.Clone(events), func(e groupcommit.RecordedEvent) bool { return !strings.HasPrefix(e.Stream, prefix) })
	for _, s := range filtered {
		awaitEvents(t, s, len(wanted))
	}
	leave()
	for i, s := range append(whole, filtered...) {
		<-s.ended
		want := events
		if i >= len(whole) {
			want = wanted
		}
		if s.err != nil || !slices.EqualFunc(s.events, want, sameRecorded) {
			t.Errorf("subscriber %d was given %d events of %d, or others, and ended with %v", i, len(s.events), len(want), s.err)
		}
	}
}

func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// awaitGrowth returns when so many more events have come.
func awaitGrowth(t *testing.T, s *subscriber, more int) {
	t.Helper()
	awaitEvents(t, s, len(s.seen())+more)
}

// writeTask appends at random until its input ends.
const writeTask = "write"

type writeOrder struct {
	URL, Schema string
	Number      int // of the writer, in front of the names of its streams
}

// startWriter returns when the writer has opened its store.
func startWriter(t *testing.T, url string, number int) *worker.Process {
	t.Helper()
	w, err := worker.Start(writeTask)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() }) // again, where it was closed
	if err := w.Send(writeOrder{URL: url, Schema: "faults", Number: number}); err != nil {
		t.Fatal(err)
	}
	var open bool
	receive(t, w, &open)
	return w
}

func runWriter(ctx context.Context, link *worker.Link) (err error) {
	var order writeOrder
	if err := link.Receive(&order); err != nil {
		return err
	}
	store, err := groupcommit.Open(ctx, groupcommit.Config{DatabaseURL: order.URL, Schema: order.Schema, BatchCommands: 10})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close(context.WithoutCancel(ctx))) }()
	if err := link.Send(true); err != nil {
		return err
	}
	ctx, end := context.WithCancel(ctx)
	go func() {
		defer end()
		var nothing any
		for link.Receive(&nothing) != io.EOF {
		}
	}()
	for ctx.Err() == nil {
		futures := make([]*groupcommit.Future, 1+rand.IntN(30))
		for i := range futures {
			futures[i] = store.Submit(ctx, randomCommand(order.Number))
		}
		for _, f := range futures { // whatever becomes of them: the log tells
			_, _ = f.Wait(ctx)
		}
	}
	return nil
}

// randomCommand writes to one stream or two, and is sometimes refused.
func randomCommand(writer int) groupcommit.Command {
	stream := func() string { return fmt.Sprintf("%d-%d", writer, rand.IntN(5)) }
	expect := groupcommit.Any
	if rand.IntN(5) == 0 {
		expect = groupcommit.Exact(int64(rand.IntN(10)))
	}
	cmd := groupcommit.To(stream(), expect, slices.Repeat([]groupcommit.Event{happened(rand.Int())}, 1+rand.IntN(4))...)
	if other := stream(); rand.IntN(3) == 0 && other != cmd.Streams[0].Stream {
		cmd.Streams = append(cmd.Streams, groupcommit.StreamWrite{Stream: other, Events: []groupcommit.Event{happened(0)}})
	}
	return cmd
}
