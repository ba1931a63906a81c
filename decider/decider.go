package decider

import (
	"unsafe"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/command"
)

// Decider folds the events of streams of one kind to states of type S. It is made once and used for all of them: what is known of a stream is kept
// per Decider. Its methods may be called by any number of goroutines.
type Decider[S any] struct {
	initial func() S
	evolve  func(S, groupcommit.RecordedEvent) (S, error)
	size    func(S) int

	snapshots *command.Snapshots // nil: none
	encode    func(S) ([]byte, error)
	decode    func([]byte) (S, error)

	invalid *groupcommit.InvalidError // what it was made with cannot be meant
}

// New makes a decider. Its evolve gives the state after one more event, and leaves the one that it was given as it was: states are values, which are
// kept, and gone back to when a batch fails. So a map or slice in a state is copied before it is changed. Events of types that it does not know
// leave the state as it is. An event that is not committed yet has the data as it was appended, after Config.Upcast; read back, JSON may be
// spelled otherwise.
//
// An error, or a panic, of evolve says that the event cannot be folded. A decision that appends such an event fails, and so does whatever needs the
// state of a stream that has one.
//
// What cannot be meant, such as an evolve that is nil, is told to whoever uses the decider: a *groupcommit.InvalidError.
func New[S any](evolve func(state S, event groupcommit.RecordedEvent) (S, error), options ...Option[S]) *Decider[S] {
	d := &Decider[S]{evolve: evolve, initial: func() (zero S) { return }, size: sizeOf[S], encode: toJSON[S], decode: fromJSON[S]}
	for _, option := range options {
		option(d)
	}
	if d.snapshots != nil {
		d.snapshots.Encode = func(state any) ([]byte, error) { return d.encode(state.(S)) }
		d.snapshots.Decode = func(data []byte) (any, error) { return d.decode(data) }
	}
	d.invalid = d.check()
	return d
}

// Option of a Decider.
type Option[S any] func(*Decider[S])

// Initial is the state of a stream without events. Defaults to the zero S.
func Initial[S any](initial func() S) Option[S] {
	return func(d *Decider[S]) { d.initial = initial }
}

// Size tells how much memory a state holds, in bytes, about; the cache is bounded by it. Defaults to the size of an S, which leaves out what its
// slices, maps, strings and pointers hold. It runs where evolve does, and a panic is one of evolve: what needs the state fails.
func Size[S any](size func(S) int) Option[S] {
	return func(d *Decider[S]) { d.size = size }
}

func sizeOf[S any](state S) int { return int(unsafe.Sizeof(state)) }

// check tells why nothing can be decided with this decider, or nil.
func (d *Decider[S]) check() *groupcommit.InvalidError {
	switch {
	case d.evolve == nil || d.initial == nil || d.size == nil || d.encode == nil || d.decode == nil:
		return &groupcommit.InvalidError{Field: "Decider", Reason: "one of the functions that it was made with is nil"}
	case d.snapshots != nil:
		return d.snapshots.Check()
	default:
		return nil
	}
}

// At is the handle on a stream.
func (d *Decider[S]) At(stream string) Handle[S] { return Handle[S]{decider: d, stream: stream} }

// folder is a decider as the committer sees it.
type folder[S any] struct{ *Decider[S] }

func (f folder[S]) Initial() any { return f.initial() }

func (f folder[S]) Evolve(state any, event *groupcommit.RecordedEvent) (any, error) {
	return f.evolve(state.(S), *event)
}

func (f folder[S]) Size(state any) int { return f.size(state.(S)) }

func (f folder[S]) Snapshots() *command.Snapshots { return f.snapshots }
