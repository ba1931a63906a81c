package reading

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/groupcommit/groupcommit/command"
)

// Progress is how far a subscription has come.
type Progress struct {
	Name     string    // that Named gave it
	Position int64     // up to here it was delivered, and the consumer came back for more
	End      int64     // where the log ends, as far as the reader knows
	CaughtUp time.Time // when the subscription was last at the end; zero: not yet
	Since    time.Time // what was committed before is delivered, as far as the reader knows; at first, when the subscription began
	Err      error     // the error that it has ended with
}

// Lag is how many events of the log the subscription is behind, those included that its filter leaves out.
func (p Progress) Lag() int64 { return max(p.End-p.Position, 0) }

// Age is for how long the oldest of these events has been waiting, about; 0 when there is none.
func (p Progress) Age() time.Duration {
	if p.Lag() == 0 {
		return 0
	}
	return max(time.Since(p.Since), 0)
}

// maxEnded is how many subscriptions that have ended with an error are remembered.
const maxEnded = 100

// progress is that of all subscriptions of a reader.
type progress struct {
	mu    sync.Mutex // guards all below
	of    map[*subscription]*Progress
	ended map[string]Progress // the last of each name, where it has ended with an error
	end   int64               // of the log, the highest seen
}

func newProgress() *progress {
	return &progress{of: make(map[*subscription]*Progress), ended: make(map[string]Progress)}
}

// Subscriptions tells how far each subscription has come, by name. It asks the database nothing. A lag that lasts is that of its consumer; where
// CaughtUp grows old without a lag, the log cannot be read. One that has ended with an error is listed until another of its name begins; one whose
// consumer has left, or whose context has ended, is not.
func (r *Reader) Subscriptions() []Progress {
	p := r.progress
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]Progress, 0, len(p.of)+len(p.ended))
	for _, one := range p.of {
		all = append(all, *one)
	}
	for _, one := range p.ended {
		all = append(all, one)
	}
	for i := range all {
		all[i].End = p.end
	}
	slices.SortFunc(all, func(a, b Progress) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Position, b.Position))
	})
	return all
}

func (p *progress) begin(s *subscription) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.ended, s.query.name)
	p.of[s] = &Progress{Name: s.query.name, Position: s.at.Position, Since: time.Now()}
}

// hand takes down that a subscription is about to deliver what it has read.
func (p *progress) hand(s *subscription, read []command.RecordedEvent) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end = max(p.end, s.end)
	if len(read) > 0 {
		p.of[s].Since = read[0].RecordedAt
	}
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
		one.Since = one.CaughtUp
	}
}

func (p *progress) grown(end int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end = max(p.end, end)
}

// finish takes down that a subscription is over, because of err where there is one.
func (p *progress) finish(s *subscription, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil && len(p.ended) < maxEnded {
		one := *p.of[s]
		one.Err = err
		p.ended[one.Name] = one
	}
	delete(p.of, s)
}
