package committer

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
)

// plan is what judging a batch came to: a verdict on each entry, to be told when it is final, and the commit that makes it so. Where the view has
// a question left, it holds as long as the answer brings no news.
type plan struct {
	view     *view // that it was judged on
	entries  []*Entry
	verdicts []verdict // of entries, in their order
	commit   *Commit   // without rows when nothing is to be written
	owners   []int     // index of the entry that each row belongs to
	repeats  bool      // a verdict is the success of a command that was recorded before
	aside    []*Entry  // those that cannot be judged yet
	bytes    int       // of events that were decided
	full     bool      // they are so many that further decisions are set aside

	ids map[uuid.UUID]int // index of each accepted entry that has an ID
}

type verdict struct {
	result command.Result
	err    error
}

// judge walks the entries in order. Each is judged on the streams as the ones before it leave them, and so on a state that
// is speculative until the commit is known.
type judge struct {
	committer *Committer
	plan      *plan
	states    []command.State // that are looked at; reused
}

func newPlan(c *Committer, v *view, entries []*Entry, parent Point, at time.Time) *plan {
	p := &plan{
		view:     v,
		entries:  make([]*Entry, 0, len(entries)),
		verdicts: make([]verdict, 0, len(entries)),
		commit:   &Commit{ID: uuid.New(), Parent: parent, Time: at, Rows: make([]Row, 0, len(entries))},
		owners:   make([]int, 0, len(entries)),
	}
	for i := range v.slots {
		v.slots[i].reset()
	}
	if v.folded {
		defer c.watch.guard()()
	}
	j := judge{committer: c, plan: p}
	for _, e := range entries {
		if verdict, judged := j.entry(len(p.entries), e); judged {
			p.entries, p.verdicts = append(p.entries, e), append(p.verdicts, verdict)
		} else {
			p.aside = append(p.aside, e)
		}
	}
	v.confirm = len(p.commit.Rows) == 0 && len(p.entries) > 0 && !v.looked
	v.measure(c)
	return p
}

// entry judges an entry, whose index among those that are judged is i, unless it has to be set aside.
func (j *judge) entry(i int, e *Entry) (v verdict, judged bool) {
	if e.ID != uuid.Nil {
		if v, done := j.repeated(e); done {
			return v, true
		}
	}
	if e.decision != nil {
		return j.decide(i, e)
	}
	if j.plan.view.blocked(e) {
		j.plan.view.block(e)
		return verdict{}, false
	}
	if conflict := j.conflict(e); conflict != nil {
		return j.refuse(e, conflict), true
	}
	if j.plan.view.folded {
		_ = j.evolve(e) // what cannot be folded is not this command's fault: who needs the state will be told
	}
	return j.accept(i, e), true
}

// refuse is the verdict on an entry that is not accepted, because of err, or that writes nothing. What it would rest on without proof is looked up.
func (j *judge) refuse(e *Entry, err error) verdict {
	j.plan.view.doubt(e)
	return verdict{err: err}
}

// repeated answers a command whose ID was recorded before, or stands before it in the same batch or in
// one in flight.
func (j *judge) repeated(e *Entry) (verdict, bool) {
	if record, ok := j.plan.view.records[e.ID]; ok {
		if record.Fingerprint != e.Fingerprint {
			return verdict{err: &command.ReusedIDError{ID: e.ID, First: record.First, Last: record.Last, CommittedAt: record.CommittedAt}}, true
		}
		j.plan.repeats = true
		return verdict{result: record.result(e)}, true
	}
	first, result, found := j.committer.inFlight(e.ID)
	if i, ok := j.plan.ids[e.ID]; ok {
		first, result, found = j.plan.entries[i], &j.plan.verdicts[i].result, true
	}
	switch {
	case !found:
		return verdict{}, false
	case first.Fingerprint != e.Fingerprint:
		return verdict{err: &command.ReusedIDError{ID: e.ID, First: result.First, Last: result.Last, CommittedAt: result.CommittedAt}}, true
	default:
		again := *result
		again.Versions = slices.Clone(result.Versions)
		again.Duplicate = true
		return verdict{result: again}, true
	}
}

func (j *judge) conflict(e *Entry) error {
	for i := range e.parts {
		p := &e.parts[i]
		if actual := j.plan.view.slots[p.slot].version; !p.expect.Holds(actual) {
			return &command.ConflictError{Stream: p.stream, Expected: p.expect, Actual: actual}
		}
	}
	return nil
}

// accept appends the entry's rows to the commit.
func (j *judge) accept(i int, e *Entry) verdict {
	commit := j.plan.commit
	first := commit.End().Position + 1
	versions := make([]command.StreamVersion, len(e.parts))
	rest := e.rows
	for n := range e.parts {
		p := &e.parts[n]
		s := &j.plan.view.slots[p.slot]
		for range p.events {
			var row []byte
			row, rest = nextRow(rest)
			s.version++
			commit.Rows = append(commit.Rows, Row{Stream: p.stream, Version: s.version, Encoded: row})
			j.plan.owners = append(j.plan.owners, i)
		}
		s.settle()
		versions[n] = command.StreamVersion{Stream: p.stream, Version: s.version}
	}
	commit.Commands++
	if j.committer.config.Trace != nil {
		commit.carried = append(commit.carried, e.Receiver)
	}
	result := command.Result{First: first, Last: commit.End().Position, Versions: versions, CommittedAt: commit.Time}
	if e.ID != uuid.Nil {
		j.record(i, e, &result)
	}
	return verdict{result: result}
}

func (j *judge) record(i int, e *Entry, result *command.Result) {
	if j.plan.ids == nil {
		j.plan.ids = make(map[uuid.UUID]int)
	}
	j.plan.ids[e.ID] = i
	record := Record{ID: e.ID, Fingerprint: e.Fingerprint, First: result.First, Last: result.Last, CommittedAt: result.CommittedAt}
	for _, v := range result.Versions {
		record.Versions = append(record.Versions, v.Version)
	}
	j.plan.commit.Records = append(j.plan.commit.Records, record)
}

// result is the recorded result, for a repetition of the command. What a decision has come to on top of the streams that it was given need not be what
// it came to the first time.
func (r *Record) result(e *Entry) command.Result {
	parts := e.parts
	if e.decision != nil {
		parts = parts[:e.decision.given]
	}
	versions := make([]command.StreamVersion, len(parts))
	for i := range min(len(versions), len(r.Versions)) { // they are as many: it is the same command
		versions[i] = command.StreamVersion{Stream: parts[i].stream, Version: r.Versions[i]}
	}
	return command.Result{First: r.First, Last: r.Last, Versions: versions, CommittedAt: r.CommittedAt, Duplicate: true}
}
