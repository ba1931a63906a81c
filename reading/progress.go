package reading

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Progress is how far a subscription has come.
type Progress struct {
	Name     string    // that Named gave it
	Position int64     // up to here it was delivered, and the consumer came back for more
	End      int64     // where the log ends, as far as the reader knows
	CaughtUp time.Time // when the subscription was last at the end; zero: not yet
}

// Lag is how many events of the log the subscription is behind, those included that its filter leaves out.
func (p Progress) Lag() int64 { return max(p.End-p.Position, 0) }

// progress is that of all subscriptions of a reader.
type progress struct {
	mu  sync.Mutex // guards all below
	of  map[*subscription]*Progress
	end int64 // of the log, the highest seen
}

func newProgress() *progress { return &progress{of: make(map[*subscription]*Progress)} }

// Subscriptions tells how far each subscription has come, by name. It asks the database nothing. A lag that lasts is that of its consumer; where
// CaughtUp grows old without a lag, the log cannot be read.
func (r *Reader) Subscriptions() []Progress {
	p := r.progress
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]Progress, 0, len(p.of))
	for _, one := range p.of {
		now := *one
		now.End = p.end
		all = append(all, now)
	}
	slices.SortFunc(all, func(a, b Progress) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Position, b.Position))
	})
	return all
}

func (p *progress) begin(s *subscription) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of[s] = &Progress{Name: s.query.name, Position: s.at.Position}
}

// note takes down that a subscription has delivered all up to where it is.
func (p *progress) note(s *subscription) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end = max(p.end, s.end)
	one := p.of[s]
	one.Position = s.at.Position
	if s.at.Position >= s.end {
		one.CaughtUp = time.Now()
	}
}

func (p *progress) grown(end int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end = max(p.end, end)
}

func (p *progress) finish(s *subscription) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.of, s)
}
