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
	states []keptState
	bytes  int
}

// keptState is a state of the stream, as one folder makes it. Its epoch is that of the cache.
type keptState struct {
	folder command.Folder
	loaded
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
		if i := k.find(subject.Folder); i >= 0 {
			state, whole = k.states[i].loaded, !k.states[i].partial
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
		folds = make([]fold, 0, len(k.states))
		for i := range k.states {
			if state := &k.states[i]; !state.partial {
				folds = append(folds, fold{folder: state.folder, base: state.State, kept: state.Version})
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
		s.keep(subject.Stream, keptState{subject.Folder, state})
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
		s.keep(slot.stream, keptState{f.folder, loaded{State: f.state, epoch: s.epoch, size: f.size}})
		s.mu.Unlock()
	}
}

// keep is called with mu held.
func (s *states) keep(stream string, state keptState) {
	k := s.use(stream)
	if k == nil {
		k = &kept{stream: stream, bytes: keptOverhead + len(stream)}
		s.index[stream] = s.order.PushFront(k)
		s.counts.Bytes += k.bytes
	}
	grown := 0
	switch at := k.find(state.folder); {
	case at < 0:
		if len(k.states) == maxFolds {
			grown -= k.states[0].size
			k.states = slices.Delete(k.states, 0, 1)
		}
		grown += state.size
		k.states = append(k.states, state)
	case k.states[at].Version < state.Version, k.states[at].Version == state.Version && k.states[at].partial:
		grown = state.size - k.states[at].size
		k.states[at] = state
	}
	k.bytes += grown
	s.counts.Bytes += grown
	for s.order.Len() > s.maxStreams || s.counts.Bytes > s.maxBytes && s.order.Len() > 0 {
		s.drop(s.order.Back())
		s.counts.Evictions++
	}
	s.size.Store(int64(s.order.Len()))
}

// find is the index of the folder's state, -1 where it is missing.
func (k *kept) find(folder command.Folder) int {
	return slices.IndexFunc(k.states, func(state keptState) bool { return state.folder == folder })
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
