package oracle

import (
	"cmp"
	"math"
	"slices"
)

// orderSubmitters asks whether the commands of each submitter have taken effect in the order of its calls, and notes for each attempt
// between which of them it stands.
func (j *judgement) orderSubmitters() {
	calls := map[int][]*Attempt{}
	for i := range j.attempts {
		a := &j.attempts[i]
		calls[a.Submitter] = append(calls[a.Submitter], a)
	}
	for _, attempts := range calls {
		slices.SortFunc(attempts, func(a, b *Attempt) int { return cmp.Compare(a.Order, b.Order) })
		j.order(attempts)
	}
}

func (j *judgement) order(attempts []*Attempt) {
	behind := int64(0)
	for _, a := range attempts {
		a.behind, a.ahead = behind, math.MaxInt64
		if e := j.authored(a); e != nil {
			if e.first <= behind {
				j.find(Overtaken, a.Command, "is at position %d, before %d of an earlier call", e.first, behind)
			}
			behind = max(behind, e.last)
		}
	}
	ahead := int64(math.MaxInt64)
	for _, a := range slices.Backward(attempts) {
		a.ahead = ahead
		if e := j.authored(a); e != nil {
			ahead = min(ahead, e.first-1)
		}
	}
}

// authored is the effect that an attempt has brought about.
func (j *judgement) authored(a *Attempt) *effect {
	if c := j.commands[a.Command]; c.effect != nil && c.author() == a {
		return c.effect
	}
	return nil
}
