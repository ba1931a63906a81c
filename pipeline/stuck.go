package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/groupcommit/groupcommit/batcher"
	"github.com/groupcommit/groupcommit/command"
)

// ErrStuck is what Close returns when a decision, the folding of an event or the encoding of a snapshot never came back. Either it does not return: nothing
// can end it, and its goroutine is left behind. Or it, or a hook, has ended the one through which every command goes: then the cause is a
// *command.PanicError, which says where.
var ErrStuck = errors.New("groupcommit: a decision has never come back")

const (
	// lastPatience is how long code of the user's may run when Close has none left with anything else.
	lastPatience = 100 * time.Millisecond
	glance       = 10 * time.Millisecond // between two looks at it
)

// Deciding is for how long the decision that is being asked has been running, 0 when there is none.
func (p *Pipeline) Deciding() time.Duration { return p.committer.Deciding() }

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
				p.forsake(ErrStuck, true)
			}
		}
	}
}

// outlive is deferred by the loop. When code of the user's has ended its goroutine, another one tells so to whoever submits, until Close. (What
// panics ends the process, whatever this does.)
func (p *Pipeline) outlive() {
	select {
	case <-p.ended: // as it should
		return
	default:
	}
	if cause, certain := p.committer.Exited(); cause != nil {
		go func() {
			defer p.forsake(fmt.Errorf("%w: %w", ErrStuck, cause), certain) // a hook may end this one, too
			p.committer.Halt(cause)
		}()
	}
}

// forsake tells all commands in the place of the loop, which is gone, that they are not written, because of its fate; without certain, that
// nobody knows, where a batch has taken them. It returns when the batcher is closed and empty.
func (p *Pipeline) forsake(fate error, certain bool) {
	p.fate = fate
	defer close(p.ended)
	p.forsakeBegun(fate, certain)
	for batch := range p.batcher.Batches() {
		for _, f := range batch.Items {
			f.forsake(fate)
		}
		batch.Done()
	}
}

func (p *Pipeline) forsakeBegun(fate error, certain bool) {
	sent := p.committer.Sent()
	p.mu.Lock()
	begun := p.begun
	p.mu.Unlock()
	for _, batch := range begun {
		for _, f := range batch.Items {
			f.forsake(fate) // its turn to be taken may not have come
			if _, _, told := f.verdict(); told || f.place.Load() != inBatch {
				continue
			}
			if sent[&f.entry] || !certain {
				f.resolve(command.Result{}, fmt.Errorf("%w: %w", command.ErrOutcomeUnknown, fate))
			} else {
				f.resolve(command.Result{}, notWritten(fate))
			}
		}
		batch.Done()
	}
}

// forsake tells a command that is in the queue that it is not written.
func (f *Future) forsake(fate error) {
	if f.take() {
		f.resolve(command.Result{}, notWritten(fate))
	}
}
