package reading

import (
	"time"

	"github.com/groupcommit/groupcommit/command"
)

// pace is how much is fetched at a time, as what was fetched before suggests.
type pace struct {
	events int   // that a page has at most
	window int64 // how many numbers a filtered page goes through
}

// A page has few events at first, since nobody knows how large they are, and then as many as take about so much memory.
const (
	fewEvents = 200
	pageBytes = 1 << 20
)

// growth is how many times as many events as a page had the next one may have, beyond a few: those to come need not be as small as those that came.
const growth = 4

// A filtered read goes through the log in windows of so many numbers at first, and of up to so many where few events are found.
const (
	minWindow = 1_000
	maxWindow = 100_000
)

func (q *query) pace() pace { return pace{events: min(fewEvents, q.pageSize), window: minWindow} }

// after judges by a page how many events the next one may have, of pageSize at most. A page without any tells nothing.
func (p *pace) after(page []command.RecordedEvent, pageSize int) {
	if len(page) > 0 {
		most := max(growth*len(page), min(growth*p.events, fewEvents))
		p.events = min(max(len(page)*pageBytes/memory(page), 1), most, pageSize)
	}
}

// widen makes the next window larger when a page has found few of the events that it may have.
func (p *pace) widen(found, most int) {
	if 2*found < most {
		p.window = min(2*p.window, maxWindow)
	}
}

// answered is the pace for the next step, which took so long at pace p: where more would hardly be answered in time, it does not grow.
func (p *pace) answered(next pace, took time.Duration) pace {
	if took > answerTimeout/growth {
		next.events, next.window = min(next.events, p.events), min(next.window, p.window)
	}
	return next
}

// slower is the pace for asking again what was not answered in time.
func (p *pace) slower() pace {
	return pace{events: max(p.events/2, 1), window: max(p.window/2, minWindow)}
}

// memory is how many bytes events take, about.
func memory(events []command.RecordedEvent) (bytes int) {
	const each = 160 // the struct
	for i := range events {
		bytes += each + len(events[i].Stream) + len(events[i].Data) + len(events[i].Metadata)
	}
	return bytes
}
