package main

import (
	"context"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit"
)

func TestProjection(t *testing.T) {
	store, err := groupcommit.OpenInMemory(groupcommit.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(store)
	for range 3 {
		if _, err := store.Append(t.Context(), groupcommit.To("s", groupcommit.Any, groupcommit.Event{Type: "Happened"})); err != nil {
			t.Fatal(err)
		}
	}
	p := newProjection(store)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.follow(ctx) }()
	for all := store.Subscriptions(); len(all) != 1 || all[0].Position != 3; all = store.Subscriptions() {
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
