package oracle

import (
	"fmt"
	"maps"
	"slices"
)

// Oracle follows a log. It belongs to one goroutine.
type Oracle struct {
	end      int64
	versions map[string]int64
	open     []Attempt // without a verdict or an effect so far; they may still have one
}

// New makes an oracle for a log that is empty.
func New() *Oracle { return &Oracle{versions: map[string]int64{}} }

// Judge takes in what came next in the log, and what happened meanwhile: nothing was under way when it began, and nothing is now but what
// nobody will be told of. It tells what is wrong.
func (o *Oracle) Judge(history History, events []Event) []Finding {
	j := &judgement{
		log:      newLog(o.end, o.versions),
		attempts: slices.Concat(o.open, history.Attempts),
		looks:    history.Looks,
	}
	j.gather()
	j.replay(events)
	j.window = newWindow(j)
	j.orderSubmitters()
	for i := range j.attempts {
		j.check(&j.attempts[i])
	}
	o.end = j.log.end()
	maps.Copy(o.versions, j.log.versions())
	o.open = j.open()
	return j.findings
}

// judgement is one call of Judge.
type judgement struct {
	log      *log
	attempts []Attempt
	looks    []Look
	commands map[uint64]*submitted
	window   *window
	findings []Finding
}

// submitted is a command with its attempts, and what they came to.
type submitted struct {
	attempts []*Attempt // in the order of time
	effect   *effect    // nil: none
}

// effect is what a command has written.
type effect struct {
	first, last int64
	at          int64
}

func (j *judgement) gather() {
	slices.SortStableFunc(j.attempts, func(a, b Attempt) int { return int(a.Submitted - b.Submitted) })
	j.commands = make(map[uint64]*submitted, len(j.attempts))
	for i := range j.attempts {
		a := &j.attempts[i]
		c := j.commands[a.Command]
		if c == nil {
			c = &submitted{}
			j.commands[a.Command] = c
		}
		c.attempts = append(c.attempts, a)
	}
}

// open are the attempts that may still come to something.
func (j *judgement) open() (open []Attempt) {
	for _, c := range j.commands {
		if c.effect != nil {
			continue
		}
		for _, a := range c.attempts {
			if a.Verdict == Unknown {
				open = append(open, *a)
			}
		}
	}
	return open
}

func (j *judgement) find(kind Kind, command uint64, format string, args ...any) {
	j.findings = append(j.findings, Finding{kind, command, fmt.Sprintf(format, args...)})
}

// author is the attempt that has brought about the effect of a command, nil where that cannot be told.
func (c *submitted) author() (author *Attempt) {
	for _, a := range c.attempts {
		if a.Verdict == Succeeded && !a.Result.Duplicate {
			return a
		}
	}
	for _, a := range c.attempts {
		if a.Verdict != Unknown {
			continue
		}
		if author != nil {
			return nil
		}
		author = a
	}
	return author
}
