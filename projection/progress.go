package projection

import (
	"context"
	"sync"
	"time"
)

// progress tells who waits in this process how far the projections are that run here.
type progress struct {
	mu      sync.Mutex         // guards all below
	live    map[string]reached // by name: what runs here and is live
	changed chan struct{}      // closed at the next change; nil while nobody waits
}

type reached struct {
	version  int
	position int64
}

func (p *progress) reach(name string, version int, position int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live == nil {
		p.live = map[string]reached{}
	}
	p.live[name] = reached{version, position}
	p.wake()
}

// forget is called when what becomes of a version is not known here any more.
func (p *progress) forget(name string, version int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live[name].version == version {
		delete(p.live, name)
	}
	p.wake()
}

func (p *progress) wake() {
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// wait tells whether the projection has reached the position here, before it is time to ask the database: after a pause, or where it runs here, and so
// has not much to tell, after a longer one.
func (p *progress) wait(ctx context.Context, name string, position int64, pause time.Duration) bool {
	elsewhere, always := time.After(pause), time.After(waitPollSlow)
	for {
		at, here, changed := p.of(name)
		due := elsewhere
		if here {
			due = always
		}
		if at >= position {
			return true
		}
		select {
		case <-changed:
		case <-due:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

func (p *progress) of(name string) (position int64, here bool, changed <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.changed == nil {
		p.changed = make(chan struct{})
	}
	live, here := p.live[name]
	return live.position, here, p.changed
}
