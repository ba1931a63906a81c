package committer

import (
	"strings"
	"sync/atomic"
	"time"

	"github.com/groupcommit/groupcommit/command"
)

// heads is what the committer knows of the log: where it ends, and the versions of the streams used last. Every version is true at
// that end. It is an LRU cache: a list through a slice of slots, so that a full cache costs the garbage collector
// one object and no version costs an allocation.
//
// It belongs to the committer's goroutine, but for position.
type heads struct {
	end   Point
	time  time.Time // of the commit that ends there
	known bool      // end is where the log ended when last looked, and nothing says that it moved

	position atomic.Int64 // of end, for any goroutine

	limit  int
	index  map[string]int32
	slots  []headSlot
	newest int32 // most recently used slot; the list leads from it by next to the oldest, and in a circle
}

type headSlot struct {
	stream     string
	version    int64
	prev, next int32
}

func newHeads(limit int) *heads {
	return &heads{limit: limit, index: make(map[string]int32)}
}

// version of a stream, if it is known.
func (h *heads) version(stream string) (int64, bool) {
	i, ok := h.index[stream]
	if !ok {
		return 0, false
	}
	h.use(i)
	return h.slots[i].version, true
}

// set notes the version of a stream, in place of the stream used longest ago if the cache is full.
func (h *heads) set(stream string, version int64) {
	i, ok := h.index[stream]
	switch {
	case ok:
		h.use(i)
	case len(h.slots) < h.limit:
		i = h.grow()
		h.name(i, stream)
	default:
		i = h.slots[h.newest].prev // the oldest: using it turns the circle by one
		delete(h.index, h.slots[i].stream)
		h.newest = i
		h.name(i, stream)
	}
	h.slots[i].version = version
}

// name gives slot i to a stream. The name is copied: it may have been cut from something large.
func (h *heads) name(i int32, stream string) {
	stream = strings.Clone(stream)
	h.slots[i].stream = stream
	h.index[stream] = i
}

// update sets the version of a stream that is cached, and only then.
func (h *heads) update(moved []command.StreamVersion) {
	for _, m := range moved {
		if i, ok := h.index[m.Stream]; ok {
			h.slots[i].version = m.Version
		}
	}
}

// forget drops all versions. Where the log ended stays: it tells whether the log is still the same.
func (h *heads) forget() {
	clear(h.index)
	h.slots = h.slots[:0]
	h.known = false
}

// forgetAll drops also where the log ended: it is not the same any more.
func (h *heads) forgetAll() {
	h.forget()
	h.end, h.time = Point{}, time.Time{}
	h.position.Store(0)
}

// moveTo says that all of this is now true at another end of the log.
func (h *heads) moveTo(end Point, at time.Time) {
	h.end, h.time, h.known = end, at, true
	h.position.Store(end.Position)
}

// use makes slot i the newest.
func (h *heads) use(i int32) {
	if i == h.newest {
		return
	}
	s := h.slots[i]
	h.slots[s.prev].next, h.slots[s.next].prev = s.next, s.prev
	h.insert(i)
}

// grow adds a slot and makes it the newest.
func (h *heads) grow() int32 {
	i := int32(len(h.slots))
	h.slots = append(h.slots, headSlot{})
	if i == 0 {
		h.newest = 0
		return i
	}
	h.insert(i)
	return i
}

// insert puts slot i, which is not in the circle, in front of the newest.
func (h *heads) insert(i int32) {
	first := h.newest
	last := h.slots[first].prev
	h.slots[i].prev, h.slots[i].next = last, first
	h.slots[last].next, h.slots[first].prev = i, i
	h.newest = i
}
