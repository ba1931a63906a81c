package decider_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/decider"
)

// What cannot be meant is told at once, by Submit and by Execute, and nobody is asked to decide.
func TestWhatCannotBeMeant(t *testing.T) {
	store := open(t, groupcommit.Config{})
	accounts := decider.New(evolve)
	id := decider.ID(uuid.New(), "once")
	for field, parts := range map[string][]decider.Part{
		"Parts":             {accounts.At("a"), nil},
		"ID":                {decider.ID(uuid.Nil, "once")},
		"ID ":               {id, id},
		"Retry":             {decider.Retry{Attempts: -1}},
		"Retry ":            {decider.Retry{FirstDelay: -1}},
		"Handle":            {decider.Handle[account]{}},
		"Decider":           {decider.New[account](nil).At("a")},
		"Decider ":          {decider.New(evolve, decider.Size[account](nil)).At("a")},
		"Decider  ":         {decider.New(evolve, decider.Initial[account](nil)).At("a")},
		"Decider   ":        {decider.New(evolve, decider.Codec[account](nil, nil)).At("a")},
		"Snapshots.Name":    {decider.New(evolve, decider.Snapshots[account]("", 1, 0)).At("a")},
		"Snapshots.Name ":   {decider.New(evolve, decider.Snapshots[account](strings.Repeat("a", 256), 1, 0)).At("a")},
		"Snapshots.Version": {decider.New(evolve, decider.Snapshots[account]("accounts", -1, 0)).At("a")},
		"Snapshots.Every":   {decider.New(evolve, decider.Snapshots[account]("accounts", 1, -5)).At("a")},
	} {
		t.Run(field, func(t *testing.T) {
			refused := isInvalid(strings.TrimSpace(field))
			_, err := decider.Submit(t.Context(), store, func(*decider.Decision) error { panic("it is asked") }, parts...).Wait(t.Context())
			if !refused(err) {
				t.Errorf("Submit: %v", err)
			}
			_, err = decider.Execute(t.Context(), store, func(context.Context, *decider.Decision) error { panic("it is asked") }, parts...)
			if !refused(err) {
				t.Errorf("Execute: %v", err)
			}
		})
	}
	if _, err := decider.Submit(t.Context(), store, nil).Wait(t.Context()); !isInvalid("Decision")(err) {
		t.Errorf("Submit without a function: %v", err)
	}
	nothing := func(*decider.Decision) error { return nil }
	if _, err := decider.Submit(t.Context(), store, nothing, decider.Retry{}).Wait(t.Context()); !isInvalid("Retry")(err) {
		t.Errorf("Submit with Retry: %v", err)
	}
	if _, err := decider.Execute(t.Context(), store, nil); !isInvalid("Decision")(err) {
		t.Errorf("Execute without a function: %v", err)
	}
	if _, err := decider.Execute(t.Context(), nil, func(context.Context, *decider.Decision) error { return nil }); !isInvalid("Store")(err) {
		t.Errorf("Execute without a store: %v", err)
	}
}

// A handle that is of no use is found out, too, where the decision was not given it.
func TestUselessHandleInADecision(t *testing.T) {
	store := open(t, groupcommit.Config{})
	for field, h := range map[string]decider.Handle[account]{"Handle": {}, "Decider": decider.New[account](nil).At("a")} {
		for way, use := range map[string]func(*decider.Decision){
			"State":   func(d *decider.Decision) { h.State(d) },
			"Version": func(d *decider.Decision) { h.Version(d) },
			"Append":  func(d *decider.Decision) { h.Append(d, move(1)) },
		} {
			_, err := decider.Submit(t.Context(), store, func(d *decider.Decision) error { use(d); return nil }).Wait(t.Context())
			if !isInvalid(field)(err) {
				t.Errorf("Submit, %s: %v", way, err)
			}
			_, err = decider.Execute(t.Context(), store, func(_ context.Context, d *decider.Decision) error { use(d); return nil })
			if !isInvalid(field)(err) {
				t.Errorf("Execute, %s: %v", way, err)
			}
		}
	}
}
