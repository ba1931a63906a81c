package workload

import (
	"context"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/decider"
)

// folding is a State's Evolve, for a decider.
func folding[S State[S]](state S, event groupcommit.RecordedEvent) (S, error) {
	return state.Evolve(event.Type, event.Data)
}

// decide runs a command to its end.
func decide(ctx context.Context, store Store, decide func(*decider.Decision) error, parts ...decider.Part) (Outcome, error) {
	result, err := store.Append(ctx, decider.Command(decide, parts...))
	if err != nil {
		return Outcome{}, err
	}
	return Outcome{Events: int(result.Last - result.First + 1)}, nil
}

// metadata is that of all events of a command.
func metadata(id, user string) groupcommit.Metadata {
	return groupcommit.Metadata{CorrelationID: id, CausationID: id, UserID: user, Timestamp: time.Now()}
}

// signed gives the events this metadata.
func signed(events []groupcommit.Event, metadata []byte) []groupcommit.Event {
	for i := range events {
		events[i].Metadata = metadata
	}
	return events
}
