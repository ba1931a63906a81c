package pgproxy

import (
	"slices"
	"sync"
)

// Every as a number means each frame that matches.
const Every = 0

// Trap waits for a frame.
type Trap struct {
	Hit <-chan struct{} // closed when the fault has happened, or keeps a frame

	proxy    *Proxy
	match    func(*Frame) bool
	number   int
	fault    Fault
	count    int // guarded by proxy.mu
	hit      func()
	released chan struct{}
	release  func()
}

// On lets a fault happen to a frame: of those that match from now on, the one of that number, from 1, or Every one. Where several traps
// want a frame, the one that was set first has it.
//
// match is asked about one frame at a time, whatever their connections, and must not call the proxy. [Message] makes one.
func (p *Proxy) On(match func(*Frame) bool, number int, fault Fault) *Trap {
	hit, released := make(chan struct{}), make(chan struct{})
	t := &Trap{
		Hit:      hit,
		proxy:    p,
		match:    match,
		number:   number,
		fault:    fault,
		hit:      sync.OnceFunc(func() { close(hit) }),
		released: released,
		release:  sync.OnceFunc(func() { close(released) }),
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.traps = append(p.traps, t)
	return t
}

// Release lets go what is kept, now and later.
func (t *Trap) Release() { t.release() }

// Count is how many frames have matched.
func (t *Trap) Count() int {
	t.proxy.mu.Lock()
	defer t.proxy.mu.Unlock()
	return t.count
}

// Remove takes the trap away: match is not called any more. What it keeps it goes on to keep.
func (t *Trap) Remove() {
	t.proxy.mu.Lock()
	defer t.proxy.mu.Unlock()
	t.proxy.traps = slices.DeleteFunc(t.proxy.traps, func(other *Trap) bool { return other == t })
}

// judge counts a frame and gives the trap that has it, if any.
func (p *Proxy) judge(f *Frame) (has *Trap) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.traps {
		if !t.match(f) {
			continue
		}
		t.count++
		if wants := t.number == Every || t.count == t.number; wants && has == nil && t.fault.befall != nil {
			has = t
		}
	}
	return has
}
