package pipeline

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/groupcommit/groupcommit/batcher"
	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
)

// Config of a Pipeline. A zero field has its default.
type Config struct {
	Limits    command.Limits
	Batcher   batcher.Config
	Committer committer.Config
	NoStats   bool   // count nothing
	Tracer    Tracer // nil: nothing is traced, and it costs nothing
}

// Pipeline brings commands from callers to a log. All methods may be called by any number of goroutines.
//
// One goroutine, started by New, is the committer's loop; it ends when the batcher is closed and empty and nothing is in flight. The
// log is the caller's and outlives the pipeline.
type Pipeline struct {
	config    Config
	log       committer.Log
	batcher   *batcher.Batcher[*Future]
	committer *committer.Committer
	recorder  *recorder

	ended chan struct{}   // closed by run, or by who gives it up
	fate  error           // what Close returns; set before ended is closed
	cut   bool            // commands were given up because Close had no more patience; run's
	abort context.Context // ends when Close has no more patience
	stop  context.CancelCauseFunc
	late  chan struct{} // closed when lastPatience has passed since then

	giving sync.Once
	reason error // why the first Close had no more patience; set before abort ends

	mu    sync.Mutex // guards begun
	begun []*batcher.Batch[*Future]
}

// New starts a pipeline on a log.
func New(config Config, log committer.Log) *Pipeline {
	config.Limits = config.Limits.WithDefaults()
	p := &Pipeline{config: config, log: log, recorder: newRecorder(!config.NoStats), ended: make(chan struct{}), late: make(chan struct{})}
	config.Committer.Hooks = p.recorder.hooks().And(config.Committer.Hooks)
	config.Committer.Trace = config.traceCommits()
	config.Committer.Limits = config.Limits
	p.committer = committer.New(log, config.Committer)
	config.Batcher.InFlight, _ = p.committer.Limits()
	p.batcher = batcher.New[*Future](config.Batcher)
	p.abort, p.stop = context.WithCancelCause(context.Background())
	go p.run()
	return p
}

// run gives batches to the committer as it is ready for them, and tells it what its goroutines answer.
func (p *Pipeline) run() {
	defer p.outlive()
	late := p.late
	for open := true; open || p.committer.Busy(); {
		batches, peek := p.source(open)
		select {
		case batch, ok := <-batches:
			open = ok
			if ok {
				p.begin(batch)
			}
		case _, open = <-peek:
			if open {
				p.committer.Prepare(p.abort)
			}
		case answer := <-p.committer.Answers():
			p.committer.Handle(answer)
		case <-late:
			late = nil
			p.committer.Forsake(ErrStuck)
		}
	}
	switch ended := p.committer.Close(p.abort, lastPatience); {
	case !ended:
		p.fate = ErrStuck
	case p.cut: // else all was told, even where patience was at its end and the turn had still to be given back
		p.fate = fmt.Errorf("groupcommit: closed before everything was written: %w", p.reason)
	}
	close(p.ended)
}

// source is where the next batch comes from, or where to hear of one, as the committer can use it.
func (p *Pipeline) source(open bool) (batches <-chan *batcher.Batch[*Future], peek <-chan struct{}) {
	if open && p.committer.Obliged() {
		runtime.Gosched() // who was just answered may be about to submit again
		if queued, _ := p.batcher.Queued(); queued == 0 {
			p.committer.Rest()
		}
	}
	switch {
	case !open:
	case p.committer.Ready():
		batches = p.batcher.Batches()
	case p.committer.Waiting():
		peek = p.batcher.Peek()
	}
	return batches, peek
}

func (p *Pipeline) begin(batch *batcher.Batch[*Future]) {
	p.enter(batch) // before and until after all that the tracer does, which may end this goroutine
	entries := take(batch.Items)
	p.recorder.took(batch)
	ctx, end := p.traceBatch(batch, len(entries))
	done := func() {
		end()
		p.recorder.told(batch.Items)
		p.cut = p.cut || p.abort.Err() != nil && slices.ContainsFunc(batch.Items, (*Future).givenUp)
		p.leave(batch)
		batch.Done()
	}
	if len(entries) == 0 {
		done()
		return
	}
	p.committer.Begin(ctx, entries, done)
}

// take gives the entries of the futures that have not been withdrawn. From here on no caller's context touches them.
func take(futures []*Future) []*committer.Entry {
	entries := make([]*committer.Entry, 0, len(futures))
	for _, f := range futures {
		if f.take() {
			entries = append(entries, &f.entry)
		}
	}
	return entries
}

// Flush returns when every command whose Submit returned before the call has its verdict. It does not wait for the linger.
func (p *Pipeline) Flush(ctx context.Context) error {
	return p.batcher.Flush(ctx)
}

// Close stops admission and returns when every command that was admitted has its verdict and no goroutine is left. If ctx
// ends first, what was not yet sent is told as not written, what is in doubt as unknown, and the cause of ctx's end is returned if there
// was any of that. It may be called again, and by several goroutines: each call returns the same.
func (p *Pipeline) Close(ctx context.Context) error {
	p.batcher.Close()
	select {
	case <-p.ended: // wins over a context that has ended, too
		return p.fate
	default:
	}
	select {
	case <-p.ended:
		return p.fate
	case <-ctx.Done():
	}
	p.giveUp(context.Cause(ctx))
	p.awaitEnd()
	return p.fate
}

// giveUp has the loop come to a quick end with whatever it has.
func (p *Pipeline) giveUp(reason error) {
	p.giving.Do(func() {
		p.reason = reason
		p.stop(command.ErrClosed)
		time.AfterFunc(lastPatience, func() { close(p.late) })
	})
}
