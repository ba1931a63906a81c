package projection

// parts are how many events there are in what is left of a batch that has failed, in its halves, and in theirs. The next one to be tried is the last.
// None: a whole batch. Where a filter or a new end of the log makes a batch smaller than it was to be, parts are smaller, too.
type parts []int

// halve is called when so many events of the next part have failed. One event stays as it is.
func (p parts) halve(events int) parts {
	p = append(p.take(events), events-events/2)
	if half := events / 2; half > 0 {
		p = append(p, half)
	}
	return p
}

// take is called when so many events of the next part are done with.
func (p parts) take(events int) parts {
	last := len(p) - 1
	if last < 0 {
		return nil
	}
	if p[last] -= events; p[last] > 0 {
		return p
	}
	return p[:last]
}

// next is how many events to ask for.
func (p parts) next(all int) int {
	if len(p) == 0 {
		return all
	}
	return p[len(p)-1]
}
