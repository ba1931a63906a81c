package main

import (
	"context"
	"testing"

	"github.com/groupcommit/groupcommit"
)

func TestProjectionKnowsHowFarBehindItIs(t *testing.T) {
	store, err := groupcommit.OpenInMemory(groupcommit.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(store)
	p := newProjection(store)
	if lags := p.lags(); len(lags) != 1 || lags[0].Events != 0 || lags[0].Age != 0 {
		t.Errorf("of an empty log: %+v", lags)
	}
	appendSome := func(n int) {
		t.Helper()
		for range n {
			if _, err := store.Append(t.Context(), groupcommit.To("s", groupcommit.Any, groupcommit.Event{Type: "Happened"})); err != nil {
				t.Fatal(err)
			}
		}
		if err := store.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	appendSome(3)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.follow(ctx) }()
	for lags := p.lags(); lags[0].Events != 0 || p.counted("Happened") != 3; lags = p.lags() {
		select {
		case err := <-ended:
			t.Fatal(err)
		default:
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	appendSome(2)
	if lags := p.lags(); lags[0].Events != 2 || lags[0].Age <= 0 {
		t.Errorf("two events behind: %+v", lags)
	}
}

func (p *projection) counted(eventType string) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts[eventType]
}
