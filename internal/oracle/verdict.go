package oracle

import (
	"github.com/groupcommit/groupcommit/command"
)

// check compares what was told with what is in the log.
func (j *judgement) check(a *Attempt) {
	c := j.commands[a.Command]
	switch a.Verdict {
	case Succeeded:
		j.checkSuccess(a, c)
	case Conflicted:
		j.checkConflict(a, c)
	}
	if a == c.attempts[0] {
		j.checkEffect(c)
	}
}

func (j *judgement) checkSuccess(a *Attempt, c *submitted) {
	r, e := &a.Result, c.effect
	if e == nil {
		j.find(Lost, a.Command, "was told positions %d to %d", r.First, r.Last)
		return
	}
	if r.First != e.first || r.Last != e.last || r.CommittedAt.UnixMicro() != e.at || !j.sameVersions(a, e.last) {
		j.find(Misreported, a.Command, "was told %+v, and is at positions %d to %d", *r, e.first, e.last)
	}
	if a.Told > 0 && e.last > j.window.to(a.Told) {
		j.find(Untimely, a.Command, "is at position %d, behind what was submitted or seen after it was told", e.last)
	}
	if author := c.author(); !r.Duplicate && author != a {
		j.find(Duplicated, a.Command, "was told twice that it is new")
	} else if r.Duplicate && author == nil && len(c.attempts) == 1 {
		j.find(Misreported, a.Command, "was told that it is a repetition, and was submitted once")
	}
}

// sameVersions tells whether those that were told are those that the streams had behind the command.
func (j *judgement) sameVersions(a *Attempt, position int64) bool {
	if len(a.Result.Versions) != len(a.Streams) {
		return false
	}
	for i, s := range a.Streams {
		if a.Result.Versions[i] != (command.StreamVersion{Stream: s.Name, Version: j.log.version(s.Name, position)}) {
			return false
		}
	}
	return true
}

func (j *judgement) checkConflict(a *Attempt, c *submitted) {
	from, to := j.window.from(a.Submitted), j.window.to(a.Told)
	from, to = max(from, a.behind), min(to, a.ahead)
	switch {
	case c.effect != nil && c.effect.last <= j.window.from(a.Submitted):
		j.find(FalseConflict, a.Command, "had taken effect at position %d before it was told: %v", c.effect.first, a.Conflict)
	case j.log.explains(a.Streams, a.Conflict, from, to):
	case a.Conflict.Actual > j.log.version(a.Conflict.Stream, to):
		j.find(Dirty, a.Command, "was told, when the log ended at %d: %v", min(to, j.log.end()), a.Conflict)
	default:
		j.find(FalseConflict, a.Command, "was told, and nowhere between positions %d and %d it is so: %v", from, min(to, j.log.end()), a.Conflict)
	}
}

// checkEffect asks whether somebody had a right to an effect, and whether it came too early.
func (j *judgement) checkEffect(c *submitted) {
	if c.effect == nil {
		return
	}
	command, since := c.attempts[0].Command, c.attempts[0].Submitted
	if author := c.author(); author != nil {
		since = author.Submitted
	} else if !c.may() {
		j.find(Contradicted, command, "is at position %d", c.effect.first)
	}
	if c.effect.first <= j.window.from(since) {
		j.find(Untimely, command, "is at position %d, before what was told or seen before it was submitted", c.effect.first)
	}
}

// may tells whether any attempt of a command can have taken effect, by what was told of it.
func (c *submitted) may() bool {
	for _, a := range c.attempts {
		if a.Verdict == Unknown {
			return true
		}
	}
	return false
}
