package main

import (
	"context"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit"
)

func TestProjectionAndItsLag(t *testing.T) {
	store, err := groupcommit.OpenInMemory(groupcommit.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(store)
	if all := lags(store); len(all) != 0 {
		t.Errorf("of nobody: %+v", all)
	}
	for range 3 {
		if _, err := store.Append(t.Context(), groupcommit.To("s", groupcommit.Any, groupcommit.Event{Type: "Happened"})); err != nil {
			t.Fatal(err)
		}
	}
	p := newProjection(store)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.follow(ctx) }()
	for all := lags(store); len(all) != 1 || all[0].Events != 0; all = lags(store) {
		select {
		case err := <-ended:
			t.Fatal(err)
		case <-time.After(time.Millisecond):
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if p.counts["Happened"] != 3 || p.events() != 3 {
		t.Errorf("it has counted %v", p.counts)
	}
}

func TestLagOfAReaderThatIsBehind(t *testing.T) {
	store, err := groupcommit.OpenInMemory(groupcommit.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(store)
	appended := func() {
		t.Helper()
		if _, err := store.Append(t.Context(), groupcommit.To("s", groupcommit.Any, groupcommit.Event{Type: "Happened"})); err != nil {
			t.Fatal(err)
		}
	}
	appended()
	for range store.Subscribe(t.Context(), 0, groupcommit.Named("slow")) {
		appended()
		all := lags(store)
		if len(all) != 1 || all[0].Name != "slow" || all[0].Events < 1 {
			t.Errorf("with an event in its hands: %+v", all)
		}
		break
	}
}
