package oracle

// replay appends the events to the log, command by command.
func (j *judgement) replay(events []Event) {
	for len(events) > 0 {
		n := 1
		for n < len(events) && events[n].Command == events[0].Command && events[n].Index == events[n-1].Index+1 {
			n++
		}
		j.append(events[:n])
		events = events[n:]
	}
}

// append appends what stands together of a command.
func (j *judgement) append(events []Event) {
	first, last := &events[0], &events[len(events)-1]
	c := j.commands[first.Command]
	switch {
	case c == nil:
		j.find(Stray, first.Command, "is at position %d, and nobody has submitted it", first.Position)
	case !c.attempts[0].whole(events):
		j.find(Torn, first.Command, "has only %v, or not as it was submitted: %v", events, c.attempts[0].Streams)
	default:
		j.takeEffect(c, first.Command, &effect{first.Position, last.Position, first.At})
	}
	end := j.log.end()
	for i := range events {
		e := &events[i]
		if end++; e.Position != end {
			j.find(Gap, e.Command, "is at position %d, where %d follows", e.Position, end)
			end = e.Position
		}
		if want := j.log.current(e.Stream) + 1; e.Version != want {
			j.find(Gap, e.Command, "is version %d of %s, where %d follows", e.Version, e.Stream, want)
		}
		j.log.positions[e.Stream] = append(j.log.positions[e.Stream], e.Position)
	}
	j.log.ends = append(j.log.ends, end)
}

// takeEffect notes what a command has written, before the log has it.
func (j *judgement) takeEffect(c *submitted, command uint64, e *effect) {
	if c.effect != nil {
		j.find(Duplicated, command, "is at positions %d and %d", c.effect.first, e.first)
		return
	}
	c.effect = e
	if conflict := j.log.conflict(c.attempts[0].Streams, j.log.end()); conflict != nil {
		j.find(Missed, command, "is at position %d: %v", e.first, conflict)
	}
}

// whole tells whether the events are exactly those of a command.
func (a *Attempt) whole(events []Event) bool {
	n := 0
	for _, s := range a.Streams {
		for range s.Events {
			if n == len(events) || events[n].Stream != s.Name || events[n].Index != n || events[n].At != events[0].At {
				return false
			}
			n++
		}
	}
	return n == len(events)
}
