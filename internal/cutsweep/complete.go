package cutsweep

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// Width is how many cuts are made side by side, each with a store of its own. Most of them wait.
const Width = 24

// Complete makes every cut of every series, some series at a time, and judges. It tells how many cuts there were, and which verdicts are not
// true. When ctx ends it stops, with an error. It is one, too, that no cut was made with a commit behind another.
func (s *Sweep) Complete(ctx context.Context) (cuts int, untrue []string, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	series := make(chan Cut)
	var made atomic.Int64
	var all sync.WaitGroup
	for range Width {
		all.Go(func() {
			for cut := range series {
				n, err := s.whole(ctx, cut)
				made.Add(int64(n))
				if err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, cut := range Series() {
		series <- cut
	}
	close(series)
	all.Wait()
	if ctx.Err() != nil {
		return int(made.Load()), nil, context.Cause(ctx)
	}
	if s.Behind() == 0 {
		return int(made.Load()), nil, errNoneBehind
	}
	untrue, err = s.Judge(ctx)
	return int(made.Load()), untrue, err
}

// What cannot be of a complete sweep.
var (
	errNoCut      = errors.New("a series without a cut")
	errNoneBehind = errors.New("no cut was made with a commit behind another")
)

// whole makes the cuts of a series until there is no message of the next number.
func (s *Sweep) whole(ctx context.Context, cut Cut) (made int, err error) {
	for cut.Number = 1; ctx.Err() == nil; cut.Number++ {
		happened, err := s.Run(ctx, cut)
		switch {
		case err != nil:
			return made, err
		case !happened && made == 0:
			return 0, errNoCut
		case !happened:
			return made, nil
		}
		made++
	}
	return made, context.Cause(ctx)
}
