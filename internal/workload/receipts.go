package workload

import (
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"reflect"
	"slices"
	"sync"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/command"
)

// Receipts is a store that notes what was acknowledged: which streams, versions and types at which positions. Its methods may be
// called by any number of goroutines.
type Receipts struct {
	Store

	seed   maphash.Seed
	mu     sync.Mutex // guards issued
	issued []receipt
}

// receipt is the note on one command. It is small, because there are many.
type receipt struct {
	first, last int64
	content     uint64 // fingerprint of its events, in order
}

// NewReceipts notes what is appended through it from now on.
func NewReceipts(store Store) *Receipts {
	return &Receipts{Store: store, seed: maphash.MakeSeed()}
}

// Append appends and notes.
func (r *Receipts) Append(ctx context.Context, cmd groupcommit.Command) (groupcommit.Result, error) {
	decided := &heard{Decision: cmd.Decision}
	if cmd.Decision != nil {
		cmd.Decision = decided
	}
	result, err := r.Store.Append(ctx, cmd)
	if err == nil {
		r.note(slices.Concat(cmd.Streams, decided.streams), &result)
	}
	return result, err
}

// heard is a decision that notes what it came to. Its caller may look when the command has its verdict.
type heard struct {
	command.Decision
	streams []command.StreamWrite
}

func (h *heard) Decide(subjects []command.Subject, states []command.State) command.Decided {
	decided := h.Decision.Decide(subjects, states)
	h.streams = decided.Streams
	return decided
}

func (r *Receipts) note(writes []groupcommit.StreamWrite, result *groupcommit.Result) {
	note := receipt{first: result.First, last: result.Last}
	for _, at := range result.Versions {
		i := slices.IndexFunc(writes, func(w groupcommit.StreamWrite) bool { return w.Stream == at.Stream })
		if i < 0 {
			continue // it was only looked at
		}
		write := &writes[i]
		before := at.Version - int64(len(write.Events))
		for j := range write.Events {
			note.content = r.add(note.content, write.Stream, before+int64(j)+1, write.Events[j].Type)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.issued = append(r.issued, note)
}

// fact is what the fingerprint of a command is made of.
type fact struct {
	before    uint64
	stream    string
	version   int64
	eventType string
}

func (r *Receipts) add(content uint64, stream string, version int64, eventType string) uint64 {
	return maphash.Comparable(r.seed, fact{content, stream, version, eventType})
}

// Events is how many events were acknowledged.
func (r *Receipts) Events() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	var n int64
	for _, note := range r.issued {
		n += note.last - note.first + 1
	}
	return n
}

// Bytes is the memory that the notes take. It grows with every command.
func (r *Receipts) Bytes() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return int64(cap(r.issued)) * int64(reflect.TypeFor[receipt]().Size())
}

// Kept is the invariant that the log holds what was acknowledged up to now, each event where it was said to be, and nothing else.
func (r *Receipts) Kept() Invariant {
	r.mu.Lock()
	defer r.mu.Unlock()
	issued := slices.Clone(r.issued)
	slices.SortFunc(issued, func(a, b receipt) int { return cmp.Compare(a.first, b.first) })
	return &kept{receipts: r, issued: issued}
}

// kept walks along the receipts and the log at the same time.
type kept struct {
	receipts *Receipts
	issued   []receipt // by position; the first one is being looked at
	content  uint64    // of what was seen of it
}

func (k *kept) String() string { return "the log is exactly what was acknowledged" }

func (k *kept) See(e *groupcommit.RecordedEvent) error {
	if len(k.issued) == 0 || e.Position < k.issued[0].first {
		return fmt.Errorf("position %d was never acknowledged", e.Position)
	}
	note := k.issued[0]
	if e.Position > note.last {
		return k.End()
	}
	k.content = k.receipts.add(k.content, e.Stream, e.Version, e.Type)
	if e.Position < note.last {
		return nil
	}
	if k.content != note.content {
		return fmt.Errorf("positions %d to %d hold other events than were acknowledged there", note.first, note.last)
	}
	k.issued, k.content = k.issued[1:], 0
	return nil
}

func (k *kept) End() error {
	if len(k.issued) > 0 {
		return fmt.Errorf("positions %d to %d were acknowledged and are not there", k.issued[0].first, k.issued[0].last)
	}
	return nil
}
