package oracle

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// window tells from times where in the log something can have been judged.
type window struct {
	least []mark // the log ended here or behind it, for whoever submitted after the time
	most  []mark // and not behind this, for whoever was told before the time
}

// mark is a time and a position. Positions grow with time.
type mark struct{ time, position int64 }

func newWindow(j *judgement) *window {
	w := &window{}
	for i := range j.attempts {
		if a := &j.attempts[i]; a.Verdict == Succeeded {
			w.least = append(w.least, mark{a.Told, a.Result.Last})
		}
	}
	for _, c := range j.commands {
		if c.effect != nil {
			w.most = append(w.most, mark{c.attempts[0].Submitted, c.effect.first - 1})
		}
	}
	for _, l := range j.looks {
		w.least = append(w.least, mark{l.Ended, l.End})
		w.most = append(w.most, mark{l.Began, l.End})
	}
	byTime := func(a, b mark) int { return cmp.Compare(a.time, b.time) }
	slices.SortFunc(w.least, byTime)
	slices.SortFunc(w.most, byTime)
	for i := 1; i < len(w.least); i++ {
		w.least[i].position = max(w.least[i].position, w.least[i-1].position)
	}
	for i := len(w.most) - 2; i >= 0; i-- {
		w.most[i].position = min(w.most[i].position, w.most[i+1].position)
	}
	return w
}

// from is where the log ended at least when a command was submitted.
func (w *window) from(submitted int64) int64 {
	i := sort.Search(len(w.least), func(i int) bool { return w.least[i].time >= submitted })
	if i == 0 {
		return 0
	}
	return w.least[i-1].position
}

// to is where it ended at most when a verdict was told.
func (w *window) to(told int64) int64 {
	i := sort.Search(len(w.most), func(i int) bool { return w.most[i].time > told })
	if i == len(w.most) {
		return math.MaxInt64
	}
	return w.most[i].position
}
