package batcher_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/groupcommit/groupcommit/batcher"
)

// TestModel plays random scripts against the Batcher and against a sequential
// model, in fake time, and compares all that can be seen after every step: which
// batch is ready with what and why, who was accepted, refused or waits, what is
// queued, and which flushes have returned.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cfg := batcher.Config{
			MaxItems:   rapid.SampledFrom([]int{100, 5, 2}).Draw(rt, "MaxItems"),
			MaxBytes:   rapid.SampledFrom([]int{1000, 30, 10}).Draw(rt, "MaxBytes"),
			Linger:     ms * time.Duration(rapid.SampledFrom([]int{3, 10, -1}).Draw(rt, "Linger")),
			InFlight:   rapid.IntRange(1, 3).Draw(rt, "InFlight"),
			MinShare:   rapid.SampledFrom([]int{1, 15, 1000}).Draw(rt, "MinShare"),
			NoEager:    rapid.Bool().Draw(rt, "NoEager"),
			QueueItems: rapid.SampledFrom([]int{100, 8, 3}).Draw(rt, "QueueItems"),
			QueueBytes: rapid.SampledFrom([]int{1000, 60, 20}).Draw(rt, "QueueBytes"),
		}
		script := rapid.SliceOfN(rapid.Custom(drawStep), 40, 80).Draw(rt, "script")
		if at := rapid.IntRange(0, 2*len(script)).Draw(rt, "close"); at < len(script) {
			script = slices.Insert(script, at, step{op: "close"})
		}
		var err error
		synctest.Test(t, func(t *testing.T) { err = play(t.Context(), cfg, script) })
		if err != nil {
			rt.Fatal(err)
		}
	})
}

type step struct {
	op  string
	arg int // bytes to submit, milliseconds to sleep, or which one
}

func drawStep(rt *rapid.T) step {
	return step{
		op: rapid.SampledFrom([]string{
			"submit", "submit", "submit", "try", "try", "take", "take", "take", "done", "done", "sleep", "sleep", "cancel", "flush",
		}).Draw(rt, "op"),
		arg: rapid.IntRange(0, 15).Draw(rt, "arg"),
	}
}

// play runs the script; it returns the first difference between the two.
func play(ctx context.Context, cfg batcher.Config, script []step) error {
	p := &player{ctx: ctx, b: batcher.New[int](cfg), m: newModel(cfg)}
	defer p.finish()
	for i, s := range script {
		err := p.step(s)
		if err == nil {
			err = p.compare()
		}
		if err != nil {
			return fmt.Errorf("step %d, %v: %w", i, s, err)
		}
	}
	return p.playOut()
}

// player drives the Batcher and the model side by side. A call that may wait runs
// in a goroutine, which sends how it ended.
type player struct {
	ctx     context.Context
	b       *batcher.Batcher[int]
	m       *model
	cancels []context.CancelFunc
	submits []chan error
	flushes []chan error
	flying  []*batcher.Batch[int]
}

func (p *player) step(s step) error {
	switch s.op {
	case "submit":
		ctx, cancel := context.WithCancel(p.ctx)
		answer := make(chan error, 1)
		id := len(p.submits)
		p.cancels = append(p.cancels, cancel)
		p.submits = append(p.submits, answer)
		go func() { answer <- p.b.Submit(ctx, id, s.arg) }()
		p.m.submit(s.arg)
	case "try":
		id := len(p.submits)
		p.cancels = append(p.cancels, func() {})
		p.submits = append(p.submits, make(chan error, 1))
		p.submits[id] <- p.b.TrySubmit(id, s.arg)
		p.m.try(s.arg)
	case "cancel":
		if len(p.submits) > 0 {
			id := len(p.submits) - 1 - s.arg%len(p.submits)
			p.cancels[id]()
			p.m.cancel(id)
		}
	case "take":
		return p.take()
	case "done":
		if len(p.flying) > 0 {
			i := s.arg % len(p.flying)
			p.m.done(p.flying[i].Items)
			p.flying[i].Done()
			p.flying = slices.Delete(p.flying, i, i+1)
		}
	case "sleep":
		time.Sleep(time.Duration(s.arg) * ms)
	case "flush":
		answer := make(chan error, 1)
		p.flushes = append(p.flushes, answer)
		go func() { answer <- p.b.Flush(p.ctx) }()
		p.m.flush()
	case "close":
		p.b.Close()
		p.m.close()
	}
	return nil
}

// take takes the batch that is ready now, if any.
func (p *player) take() error {
	synctest.Wait()
	want := p.m.take()
	select {
	case got, ok := <-p.b.Batches():
		switch {
		case !ok && p.m.ended():
			return nil
		case !ok:
			return fmt.Errorf("Batches is closed, model: %+v", want)
		case got.Reason != want.reason || got.Bytes != want.bytes || !got.Since.Equal(want.since) || !slices.Equal(got.Items, want.items):
			return fmt.Errorf("took %v %v %d bytes since %v, model: %+v", got.Reason, got.Items, got.Bytes, got.Since, want)
		}
		p.flying = append(p.flying, got)
	default:
		if want.reason != 0 || p.m.ended() {
			return fmt.Errorf("took nothing, model: %+v, ended %v", want, p.m.ended())
		}
	}
	return nil
}

// compare compares what can be seen without taking anything.
func (p *player) compare() error {
	synctest.Wait()
	items, bytes := p.b.Queued()
	if items != len(p.m.queue) || bytes != sum(p.m.queue) {
		return fmt.Errorf("queued: %d items, %d bytes; model: %d, %d", items, bytes, len(p.m.queue), sum(p.m.queue))
	}
	for id, answer := range p.submits {
		if got := peek(answer); !errors.Is(got, p.m.answers[id]) {
			return fmt.Errorf("Submit of %d: %v, model: %v", id, got, p.m.answers[id])
		}
	}
	for i, answer := range p.flushes {
		want := errPending
		if p.m.flushed(i) {
			want = nil
		}
		if got := peek(answer); !errors.Is(got, want) {
			return fmt.Errorf("Flush %d: %v, model: %v", i, got, want)
		}
	}
	return nil
}

// playOut closes and takes all that is left.
func (p *player) playOut() error {
	steps := []step{{op: "close"}}
	for range len(p.submits) + 1 {
		steps = append(steps, step{op: "take"}, step{op: "done"}, step{op: "done"})
	}
	for _, s := range steps {
		if err := p.step(s); err != nil {
			return fmt.Errorf("after the script, %s: %w", s.op, err)
		}
		if err := p.compare(); err != nil {
			return fmt.Errorf("after the script, %s: %w", s.op, err)
		}
	}
	if !p.m.ended() {
		return errors.New("not at the end after as many batches as items")
	}
	return nil
}

// finish leaves no goroutine behind, also after a difference.
func (p *player) finish() {
	for _, cancel := range p.cancels {
		cancel()
	}
	p.b.Close()
	for batch := range p.b.Batches() {
		batch.Done()
	}
	for _, batch := range p.flying {
		batch.Done()
	}
}

// peek returns the answer without consuming it, or errPending.
func peek(answer chan error) error {
	select {
	case err := <-answer:
		answer <- err
		return err
	default:
		return errPending
	}
}

var errPending = errors.New("pending")

// model says what a Batcher does, in plain sequential code. The gathering batch
// needs no state of its own in it: it is whatever fits of the head of the queue.
type model struct {
	cfg      batcher.Config
	queue    []modelItem  // accepted and not handed over
	line     []modelItem  // waiting for room
	flying   []modelBatch // handed over, not Done
	answers  []error      // of each submission
	flushes  [][]int      // per flush, the items that it waits for
	resolved map[int]bool
	closed   bool
}

type modelItem struct {
	id    int
	size  int
	since time.Time
}

type modelBatch struct {
	items  []int
	bytes  int
	reason batcher.Reason
	since  time.Time
}

func newModel(cfg batcher.Config) *model {
	cfg.MaxItems = min(cfg.MaxItems, cfg.QueueItems)
	cfg.MaxBytes = min(cfg.MaxBytes, cfg.QueueBytes)
	if cfg.NoEager && cfg.Linger < 0 {
		cfg.MaxItems = 1
	}
	return &model{cfg: cfg, resolved: map[int]bool{}}
}

func (m *model) submit(size int) {
	m.try(size)
	id := len(m.answers) - 1
	if errors.Is(m.answers[id], batcher.ErrFull) {
		m.answers[id] = errPending
		m.line = append(m.line, modelItem{id, size, time.Now()})
	}
}

func (m *model) try(size int) {
	var answer error
	switch {
	case m.closed:
		answer = batcher.ErrClosed
	case size > m.cfg.QueueBytes:
		answer = batcher.ErrTooLarge
	case len(m.line) > 0 || !m.room(size):
		answer = batcher.ErrFull
	default:
		m.queue = append(m.queue, modelItem{len(m.answers), size, time.Now()})
	}
	m.answers = append(m.answers, answer)
}

func (m *model) room(size int) bool {
	return len(m.queue) < m.cfg.QueueItems && sum(m.queue)+size <= m.cfg.QueueBytes
}

func (m *model) serve() {
	for len(m.line) > 0 && m.room(m.line[0].size) {
		m.answers[m.line[0].id] = nil
		m.queue = append(m.queue, m.line[0])
		m.line = m.line[1:]
	}
}

func (m *model) cancel(id int) {
	if errors.Is(m.answers[id], errPending) {
		m.answers[id] = context.Canceled
		m.line = slices.DeleteFunc(m.line, func(i modelItem) bool { return i.id == id })
		m.serve()
	}
}

func (m *model) take() modelBatch {
	b := m.gathering()
	if b.reason != 0 {
		m.queue = m.queue[len(b.items):]
		m.flying = append(m.flying, b)
		m.serve()
	}
	return b
}

// gathering is the batch at the head of the queue; its reason is 0 as long as it
// must wait.
func (m *model) gathering() (b modelBatch) {
	for _, i := range m.queue {
		if m.limit(b) != 0 {
			break
		}
		if len(b.items) > 0 && b.bytes+i.size > m.cfg.MaxBytes {
			b.reason = batcher.Bytes
			break
		}
		b.items = append(b.items, i.id)
		b.bytes += i.size
	}
	if len(b.items) > 0 {
		b.since = m.queue[0].since
		b.reason = cmp.Or(m.limit(b), b.reason, m.rule(b))
	}
	return b
}

func (m *model) limit(b modelBatch) batcher.Reason {
	switch {
	case len(b.items) >= m.cfg.MaxItems:
		return batcher.Full
	case b.bytes >= m.cfg.MaxBytes:
		return batcher.Bytes
	}
	return 0
}

func (m *model) rule(b modelBatch) batcher.Reason {
	switch {
	case m.closed:
		return batcher.Close
	case slices.ContainsFunc(m.flushes, func(ids []int) bool { return slices.Contains(ids, b.items[0]) }):
		return batcher.Flush
	case !m.cfg.NoEager && len(m.flying) == 0:
		return batcher.Eager
	case !m.cfg.NoEager && b.bytes >= m.share():
		return batcher.Share
	case time.Since(b.since) >= m.cfg.Linger:
		return batcher.Linger
	}
	return 0
}

func (m *model) share() int {
	outstanding := sum(m.queue)
	for _, b := range m.flying {
		outstanding += b.bytes
	}
	parts := m.cfg.InFlight
	for parts > 1 && outstanding < parts*m.cfg.MinShare {
		parts--
	}
	return max(1, outstanding/parts)
}

func (m *model) done(ids []int) {
	m.flying = slices.DeleteFunc(m.flying, func(b modelBatch) bool { return b.items[0] == ids[0] })
	for _, id := range ids {
		m.resolved[id] = true
	}
}

// flush waits for everything that was accepted and is not resolved.
func (m *model) flush() {
	var ids []int
	for id, answer := range m.answers {
		if answer == nil && !m.resolved[id] {
			ids = append(ids, id)
		}
	}
	m.flushes = append(m.flushes, ids)
}

func (m *model) flushed(i int) bool {
	return !slices.ContainsFunc(m.flushes[i], func(id int) bool { return !m.resolved[id] })
}

func (m *model) close() {
	m.closed = true
	for _, i := range m.line {
		m.answers[i.id] = batcher.ErrClosed
	}
	m.line = nil
}

func (m *model) ended() bool {
	return m.closed && len(m.queue) == 0
}

func sum(items []modelItem) (bytes int) {
	for _, i := range items {
		bytes += i.size
	}
	return bytes
}
