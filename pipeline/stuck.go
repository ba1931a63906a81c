package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/groupcommit/groupcommit/batcher"
	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
)

// ErrStuck is what Close returns when a decision never came back: nothing can end it, and its goroutine is left behind.
var ErrStuck = errors.New("groupcommit: a decision does not return; its goroutine is left behind")

const (
	// lastPatience is how long a decision may run when Close has none left with anything else.
	lastPatience = 100 * time.Millisecond
	glance       = 10 * time.Millisecond // between two looks at it
)

// Deciding is for how long the decision that is being asked has been running, 0 when there is none.
func (p *Pipeline) Deciding() time.Duration { return p.committer.Deciding() }

// StateStats tells of the states that are kept for decisions.
func (p *Pipeline) StateStats() committer.StateStats { return p.committer.StateStats() }

// enter notes a batch that the committer has.
func (p *Pipeline) enter(batch *batcher.Batch[*Future]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begun = append(p.begun, batch)
}

func (p *Pipeline) leave(batch *batcher.Batch[*Future]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.begun, batch); i >= 0 {
		p.begun = slices.Delete(p.begun, i, i+1)
	}
}

// awaitEnd returns when the loop has ended, or will never do so because a decision does not return. It is called when abort has ended, so nothing
// else holds up the loop for long.
func (p *Pipeline) awaitEnd() {
	ticker := time.NewTicker(glance)
	defer ticker.Stop()
	for {
		select {
		case <-p.ended:
			return
		case <-ticker.C:
			if p.committer.Abandon(lastPatience) {
				p.forsake()
			}
		}
	}
}

// forsake tells all commands that the loop will tell nothing any more, in its place.
func (p *Pipeline) forsake() {
	p.forsaken.Store(true)
	defer close(p.ended)
	sent := p.committer.Sent()
	p.mu.Lock()
	begun := p.begun
	p.mu.Unlock()
	for _, batch := range begun {
		for _, f := range batch.Items {
			if f.place.Load() != inBatch {
				continue
			}
			if _, _, told := f.verdict(); told {
				continue
			}
			if sent[&f.entry] {
				f.resolve(command.Result{}, fmt.Errorf("%w: %w", command.ErrOutcomeUnknown, ErrStuck))
			} else {
				f.resolve(command.Result{}, notWritten(ErrStuck))
			}
		}
		batch.Done()
	}
	for batch := range p.batcher.Batches() {
		for _, f := range batch.Items {
			if f.take() {
				f.resolve(command.Result{}, notWritten(ErrStuck))
			}
		}
		batch.Done()
	}
}
