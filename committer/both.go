package committer

import "context"

// And gives hooks that tell these first and then others.
func (h Hooks) And(others Hooks) Hooks {
	return Hooks{
		Judged:    both(h.Judged, others.Judged),
		Sending:   sendingBoth(h.Sending, others.Sending),
		Committed: both(h.Committed, others.Committed),
		Failed:    failedBoth(h.Failed, others.Failed),
		Settled:   both(h.Settled, others.Settled),
		TurnTaken: both(h.TurnTaken, others.TurnTaken),
		TurnLost:  both(h.TurnLost, others.TurnLost),
		Overran:   both(h.Overran, others.Overran),
		Stopped:   both(h.Stopped, others.Stopped),
	}
}

func both[T any](first, second func(T)) func(T) {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	return func(what T) {
		first(what)
		second(what)
	}
}

func failedBoth(first, second func(Class, error)) func(Class, error) {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	return func(class Class, err error) {
		first(class, err)
		second(class, err)
	}
}

func sendingBoth(first, second func(context.Context, CommitInfo) func(error)) func(context.Context, CommitInfo) func(error) {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	return func(ctx context.Context, info CommitInfo) func(error) {
		return both(first(ctx, info), second(ctx, info))
	}
}
