package committer

import (
	"container/list"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/groupcommit/groupcommit/command"
)

// states is a cache of what streams have been folded to, committed events only, for decisions. Each state carries the version that it is true for,
// so one that is behind is of use all the same: it is caught up with, not read anew. It is an LRU cache of streams, bounded in their number
// and in bytes.
//
// The committer's goroutine puts in what a commit has made of a state, callers what they have loaded; mu guards all but size.
type states struct {
	maxStreams, maxBytes int

	size atomic.Int64 // streams, for who only wants to know whether there is anything

	mu     sync.Mutex
	index  map[string]*list.Element // of kept
	order  *list.List               // the stream used last is in front
	epoch  uint64                   // of the log: what was loaded in an earlier one may not be so any more
	counts StateStats
}

// kept is a stream in the cache.
type kept struct {
	stream string
	folds  []fold
	bytes  int
}

// StateStats counts what became of states that decisions needed, and what the cache holds.
type StateStats struct {
	Hits, Misses uint64 // states that were there when a command was submitted, and that had to be loaded
	Evictions    uint64 // streams that had to make room

	Streams, Bytes       int
	MaxStreams, MaxBytes int
}

// maxFolds is how many states of a stream are kept: each is folded with every commit. There are more where a folder is made anew for each command.
const maxFolds = 32

// newest are those that were added last.
func newest(folds []fold) []fold { return folds[max(len(folds)-maxFolds, 0):] }

// keptOverhead is what a stream takes in the cache beside its name and its states, about.
const keptOverhead = 250

func newStates(maxStreams, maxBytes int) *states {
	return &states{maxStreams: maxStreams, maxBytes: maxBytes, index: make(map[string]*list.Element), order: list.New()}
}

// find is the newest state of a subject that is known to be committed. One that is partial, or is not there, is not whole: it has to be loaded. With
// count, it is counted.
func (s *states) find(subject command.Subject, count bool) (state loaded, whole bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	state = unread
	state.epoch = s.epoch
	if k := s.use(subject.Stream); k != nil {
		for i := range k.folds {
			if f := &k.folds[i]; f.folder == subject.Folder {
				state.State, state.partial, state.size, whole = f.base, f.partial, f.size, !f.partial
			}
		}
	}
	switch {
	case !count:
	case whole:
		s.counts.Hits++
	default:
		s.counts.Misses++
	}
	return state, whole
}

// of gives the states of a stream, but for partial ones.
func (s *states) of(stream string) (folds []fold) {
	if s.size.Load() == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.use(stream); k != nil {
		for i := range k.folds {
			if !k.folds[i].partial {
				folds = append(folds, k.folds[i])
			}
		}
	}
	return folds
}

// put keeps a state that was loaded, unless a newer one is kept.
func (s *states) put(subject command.Subject, state loaded) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state.epoch == s.epoch {
		s.keep(subject.Stream, fold{folder: subject.Folder, base: state.State, partial: state.partial, size: state.size})
	}
}

// take keeps what the commit of a batch has made of a stream's states.
func (s *states) take(slot *slot) {
	for i := range slot.folds {
		f := &slot.folds[i]
		if f.state.Version != slot.version || f.state.Version == f.kept {
			continue
		}
		s.mu.Lock()
		s.keep(slot.stream, fold{folder: f.folder, base: f.state, size: f.size})
		s.mu.Unlock()
	}
}

// keep is called with mu held.
func (s *states) keep(stream string, f fold) {
	f.kept = f.base.Version
	k := s.use(stream)
	if k == nil {
		k = &kept{stream: stream, bytes: keptOverhead + len(stream)}
		s.index[stream] = s.order.PushFront(k)
		s.counts.Bytes += k.bytes
	}
	at := 0
	for at < len(k.folds) && k.folds[at].folder != f.folder {
		at++
	}
	switch {
	case at == len(k.folds):
		if at == maxFolds {
			k.bytes -= k.folds[0].size
			s.counts.Bytes -= k.folds[0].size
			k.folds = slices.Delete(k.folds, 0, 1)
		}
		k.folds = append(k.folds, f)
		k.bytes += f.size
		s.counts.Bytes += f.size
	case k.folds[at].base.Version < f.base.Version, k.folds[at].base.Version == f.base.Version && k.folds[at].partial:
		grown := f.size - k.folds[at].size
		k.folds[at] = f
		k.bytes += grown
		s.counts.Bytes += grown
	}
	for s.order.Len() > s.maxStreams || s.counts.Bytes > s.maxBytes && s.order.Len() > 0 {
		s.drop(s.order.Back())
		s.counts.Evictions++
	}
	s.size.Store(int64(s.order.Len()))
}

func (s *states) drop(oldest *list.Element) {
	k := s.order.Remove(oldest).(*kept)
	delete(s.index, k.stream)
	s.counts.Bytes -= k.bytes
}

// use makes a stream the newest. It is called with mu held.
func (s *states) use(stream string) *kept {
	element, ok := s.index[stream]
	if !ok {
		return nil
	}
	s.order.MoveToFront(element)
	return element.Value.(*kept)
}

// forget drops all states, and those that are being loaded: the log is not what it was.
func (s *states) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch++
	clear(s.index)
	s.order.Init()
	s.counts.Bytes = 0
	s.size.Store(0)
}

// StateStats may be called by any goroutine.
func (c *Committer) StateStats() StateStats {
	s := c.states
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := s.counts
	counts.Streams, counts.MaxStreams, counts.MaxBytes = s.order.Len(), s.maxStreams, s.maxBytes
	return counts
}
