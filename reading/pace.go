package reading

import "github.com/groupcommit/groupcommit/command"

// pace is how much is fetched at a time. It grows while a reader goes on.
type pace struct {
	events int   // that a page has at most
	window int64 // how many numbers a filtered page goes through
}

// A page has few events at first, since nobody knows how large they are, and then as many as take about so much memory.
const (
	fewEvents = 200
	pageBytes = 1 << 20
)

// A filtered read goes through the log in windows of so many numbers at first, and of up to so many where few events are found.
const (
	minWindow = 1_000
	maxWindow = 100_000
)

func (q *query) pace() pace { return pace{events: min(fewEvents, q.pageSize), window: minWindow} }

// after judges by a page how many events the next one may have, of pageSize at most. A page without any tells nothing.
func (p *pace) after(page []command.RecordedEvent, pageSize int) {
	if len(page) > 0 {
		p.events = min(max(len(page)*pageBytes/memory(page), 1), pageSize)
	}
}

// widen makes the next window larger when a page has found few of the events that it may have.
func (p *pace) widen(found, most int) {
	if found < most/2 {
		p.window = min(2*p.window, maxWindow)
	}
}

// memory is how many bytes events take, about.
func memory(events []command.RecordedEvent) (bytes int) {
	const each = 160 // the struct
	for i := range events {
		bytes += each + len(events[i].Stream) + len(events[i].Data) + len(events[i].Metadata)
	}
	return bytes
}
