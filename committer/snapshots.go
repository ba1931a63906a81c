package committer

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
)

// SnapshotStore keeps states of streams beside the log. It is called by any goroutine. An error costs time and nothing else; after a
// *command.SchemaError no other call has a use.
type SnapshotStore interface {
	// FindState is the snapshot with a key, if it is one of this log: the event that it ends with is there as it was. Where there is none, Version is 0.
	// End is the end of the log, in either case.
	FindState(ctx context.Context, key SnapshotKey) (StateSnapshot, error)

	// SaveState puts a snapshot in the place of the one with its key, unless End is not in the log any more. Of those of lower decider versions it
	// leaves the highest at most.
	SaveState(ctx context.Context, state StateSnapshot) error
}

// SnapshotKey says what a snapshot is of.
type SnapshotKey struct {
	Stream, Decider string
	DeciderVersion  int
}

// StateSnapshot is a state as it is kept.
type StateSnapshot struct {
	SnapshotKey

	Version    int64     // of the stream
	EventID    uuid.UUID // of the event of that version
	RecordedAt time.Time // of that event
	State      []byte
	End        Point // of the log, before any event of the state was read: none that was read lies behind it
}

const (
	maxSnapshotBytes = 16 << 20 // of an encoded state; a larger one is not kept
	maxUnsaved       = 1000     // snapshots that wait to be saved; what is due beyond that has to come again
)

// snapshots saves what states come to, one after the other, in a goroutine that runs while there is something to save. What it saves it has read
// from the log, or a caller has, between two looks at the end of the log: a cached state could hold events that were lost.
type snapshots struct {
	life context.Context // ends with the committer
	end  context.CancelFunc
	off  atomic.Bool // the role may not keep any
	told atomic.Bool // Logger knows of trouble

	mu      sync.Mutex // guards the fields below
	unsaved map[command.Subject]*draft
	saved   chan struct{} // closed by the newest goroutine that saves, at its end; nil when there was none
}

// draft is a snapshot in the making.
type draft struct {
	StateSnapshot
	value  any
	every  int // events
	folded int // events since the snapshot before
}

// snapshotsOf says how to keep the states of a folder; nil where that is not wanted, or not possible.
func (c *Committer) snapshotsOf(folder command.Folder) *command.Snapshots {
	if snapshotter, ok := folder.(command.Snapshotter); ok && c.config.Snapshots != nil && !c.snapshots.off.Load() {
		return snapshotter.Snapshots()
	}
	return nil
}

// start is the state from which a stream has to be read, that of its snapshot or that of a stream without events, and the draft of the next snapshot; nil
// where none is kept.
func (c *Committer) start(ctx context.Context, of command.Subject) (state command.State, next *draft, err error) {
	state = unread.State
	if how := c.snapshotsOf(of.Folder); how != nil {
		state, next = c.restore(ctx, of.Stream, how)
	}
	if state.Version == nothing {
		state, err = initial(of.Folder)
	}
	return state, next, err
}

// build drafts a snapshot of a stream; nil where none is kept.
func (c *Committer) build(ctx context.Context, of command.Subject) (*draft, error) {
	state, next, err := c.start(ctx, of)
	if err != nil || next == nil {
		return nil, err
	}
	_, err = c.read(ctx, of, &state, next)
	return next, err
}

// restore is the state of a snapshot, if there is one, and the draft of the next, unless snapshots cannot be read.
func (c *Committer) restore(ctx context.Context, stream string, how *command.Snapshots) (state command.State, next *draft) {
	state = unread.State
	key := SnapshotKey{Stream: stream, Decider: how.Name, DeciderVersion: how.Version}
	attempt, cancel := context.WithTimeoutCause(ctx, c.config.AttemptTimeout, errSilent)
	defer cancel()
	found, err := c.config.Snapshots.FindState(attempt, key)
	if err != nil {
		c.snapshotTrouble(ctx, "read", key, err)
		return state, nil
	}
	next = &draft{StateSnapshot: StateSnapshot{SnapshotKey: key, End: found.End}, every: how.Every}
	if found.Version == 0 {
		return state, next
	}
	value, err := guarded(func() (any, error) { return how.Decode(found.State) })
	if err != nil {
		c.snapshotTrouble(ctx, "decoded", key, err)
		return state, next
	}
	return command.State{Value: value, Version: found.Version, EventID: found.EventID}, next
}

// take follows the folding of an event, as far as the log went when the draft was begun.
func (d *draft) take(event *command.RecordedEvent, state command.State) {
	if d == nil || event.Position > d.End.Position {
		return
	}
	d.Version, d.EventID, d.RecordedAt, d.value = event.Version, event.ID, event.RecordedAt, state.Value
	d.folded++
}

// crossed has a snapshot saved where a commit has brought a stream past a multiple of what was asked for.
func (c *Committer) crossed(s *slot) {
	for i := range s.folds {
		if how := c.snapshotsOf(s.folds[i].folder); how != nil && s.base/int64(how.Every) < s.version/int64(how.Every) {
			c.saveLater(command.Subject{Stream: s.stream, Folder: s.folds[i].folder}, nil)
		}
	}
}

// saveLater has a snapshot saved in a while; without a draft it is built then.
func (c *Committer) saveLater(of command.Subject, d *draft) {
	s := &c.snapshots
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life.Err() != nil || len(s.unsaved) >= maxUnsaved {
		return
	}
	if s.unsaved == nil {
		s.unsaved, s.saved = make(map[command.Subject]*draft), make(chan struct{})
		go c.save(s.saved)
	}
	s.unsaved[of] = d
}

// save saves what there is to save, and ends.
func (c *Committer) save(saved chan<- struct{}) {
	defer close(saved)
	of, d, ok := c.snapshots.next()
	defer func() {
		if ok { // code of the user's has ended this goroutine
			c.snapshots.drop()
			c.snapshotTrouble(c.snapshots.life, "saved", SnapshotKey{Stream: of.Stream}, exited())
		}
	}()
	for ; ok; of, d, ok = c.snapshots.next() {
		if d == nil {
			var err error
			if d, err = c.build(c.snapshots.life, of); err != nil || d == nil {
				continue // whoever needs the state is told why
			}
		}
		if how := c.snapshotsOf(of.Folder); how == nil || d.folded == 0 {
			continue
		} else if err := c.saveDraft(how, d); err != nil {
			c.snapshotTrouble(c.snapshots.life, "saved", d.SnapshotKey, err)
		}
	}
}

func (s *snapshots) next() (of command.Subject, d *draft, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life.Err() == nil {
		for of, d = range s.unsaved {
			delete(s.unsaved, of)
			return of, d, true
		}
	}
	s.unsaved = nil
	return of, nil, false
}

// drop gives up what is not saved yet: it has to come again.
func (s *snapshots) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsaved = nil
}

func (c *Committer) saveDraft(how *command.Snapshots, d *draft) (err error) {
	if d.State, err = guarded(func() ([]byte, error) { return how.Encode(d.value) }); err != nil {
		return err
	}
	if len(d.State) > maxSnapshotBytes {
		return fmt.Errorf("the state takes %d bytes, at most %d are kept", len(d.State), maxSnapshotBytes)
	}
	ctx, cancel := context.WithTimeout(c.snapshots.life, c.config.AttemptTimeout)
	defer cancel()
	return c.config.Snapshots.SaveState(ctx, d.StateSnapshot)
}

// guarded makes an error of a panic in a function of the user's.
func guarded[T any](call func() (T, error)) (value T, err error) {
	defer func() {
		if recovered := recover(); recovered != nil {
			err = &command.PanicError{Value: recovered, Stack: debug.Stack()}
		}
	}()
	return call()
}

// snapshotTrouble is told once: everything works without snapshots, only slower. That the database is away is told by others.
func (c *Committer) snapshotTrouble(ctx context.Context, what string, key SnapshotKey, err error) {
	if _, denied := errors.AsType[*command.SchemaError](err); denied {
		c.snapshots.off.Store(true)
	}
	if ctx.Err() != nil || errors.Is(err, command.ErrUnavailable) || !c.snapshots.told.CompareAndSwap(false, true) {
		return
	}
	c.config.Logger.Warn("groupcommit: a snapshot cannot be "+what+", and streams without one are folded from their beginning; this is told once",
		"stream", key.Stream, "decider", key.Decider, "err", err)
}

// close saves nothing more. It tells whether all has ended, for which it waits; once ctx has ended, only so long.
func (s *snapshots) close(ctx context.Context, patience time.Duration) bool {
	s.mu.Lock()
	s.end()
	saved := s.saved
	s.mu.Unlock()
	if saved == nil {
		return true
	}
	select {
	case <-saved:
		return true
	case <-ctx.Done():
	}
	select {
	case <-saved:
		return true
	case <-time.After(patience):
		return false
	}
}
