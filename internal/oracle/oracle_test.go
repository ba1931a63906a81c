package oracle_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/internal/oracle"
)

// past is a history with everything in it that may happen, and the log that belongs to it.
type past struct {
	oracle.History
	events []oracle.Event
}

// aPast is one in which nothing is wrong. Each submitter has the number of its first command.
func aPast() *past {
	p := &past{}
	a := func(expect command.Expect, events int) oracle.Stream {
		return oracle.Stream{Name: "a", Expect: expect, Events: events}
	}
	b := func(expect command.Expect, events int) oracle.Stream {
		return oracle.Stream{Name: "b", Expect: expect, Events: events}
	}

	p.succeed(p.submit(1, 10, a(command.NoStream, 2), b(command.NoStream, 1)), 19) // positions 1 to 3
	p.succeed(p.submit(2, 20, a(command.Exact(2), 1), b(command.StreamExists, 0)), 29)
	p.conflict(p.submit(3, 30, b(command.Any, 1), a(command.Exact(2), 1)), 39, command.ConflictError{Stream: "a", Expected: command.Exact(2), Actual: 3})
	p.succeed(p.submit(4, 40, a(command.Any, 1)), 49) // position 5

	p.refuse(p.submit(5, 50, b(command.Any, 1)), 55)
	p.succeed(p.submit(5, 56, b(command.Any, 1)), 59) // position 6

	p.submit(6, 60, a(command.Any, 1)) // nobody knows, and it is not there
	p.write(p.submit(7, 65, b(command.Any, 2)))
	p.repeat(p.submit(7, 70, b(command.Any, 2)), 79) // positions 7 and 8

	first, second := p.submit(8, 80, a(command.Any, 1)), p.submit(9, 81, a(command.Any, 1)) // at once
	p.Attempts[second].Submitter, p.Attempts[second].Order = 8, 100
	p.succeed(first, 89)  // position 9
	p.succeed(second, 88) // position 10
	p.Looks = append(p.Looks, oracle.Look{Began: 90, Ended: 95, End: 10})
	return p
}

// submit gives the index of an attempt.
func (p *past) submit(number uint64, at int64, streams ...oracle.Stream) int {
	p.Attempts = append(p.Attempts, oracle.Attempt{
		Command: number, Submitter: int(number), Order: len(p.Attempts), Streams: streams, Submitted: at,
	})
	return len(p.Attempts) - 1
}

// write lets an attempt take effect.
func (p *past) write(attempt int) {
	a, index := &p.Attempts[attempt], 0
	for _, s := range a.Streams {
		for range s.Events {
			e := oracle.Event{Position: int64(len(p.events) + 1), Stream: s.Name, Version: p.version(s.Name) + 1, At: a.Submitted, Command: a.Command, Index: index}
			p.events = append(p.events, e)
			index++
		}
	}
}

func (p *past) version(stream string) (version int64) {
	for i := range p.events {
		if p.events[i].Stream == stream {
			version++
		}
	}
	return version
}

// succeed lets an attempt take effect, and its submitter hear of it.
func (p *past) succeed(attempt int, told int64) {
	p.write(attempt)
	p.acknowledge(attempt, told)
}

// acknowledge tells the submitter what has taken effect last.
func (p *past) acknowledge(attempt int, told int64) {
	a := &p.Attempts[attempt]
	last := p.events[len(p.events)-1]
	a.Told, a.Verdict = told, oracle.Succeeded
	a.Result = command.Result{First: last.Position - int64(last.Index), Last: last.Position, CommittedAt: time.UnixMicro(last.At)}
	for _, s := range a.Streams {
		a.Result.Versions = append(a.Result.Versions, command.StreamVersion{Stream: s.Name, Version: p.version(s.Name)})
	}
}

// repeat tells that what has taken effect last had done so before.
func (p *past) repeat(attempt int, told int64) {
	p.acknowledge(attempt, told)
	p.Attempts[attempt].Result.Duplicate = true
}

func (p *past) conflict(attempt int, told int64, conflict command.ConflictError) {
	a := &p.Attempts[attempt]
	a.Told, a.Verdict, a.Conflict = told, oracle.Conflicted, &conflict
}

func (p *past) refuse(attempt int, told int64) {
	a := &p.Attempts[attempt]
	a.Told, a.Verdict = told, oracle.NotWritten
}

// attempt of a command, the newest.
func (p *past) attempt(number uint64) *oracle.Attempt {
	for i := range slices.Backward(p.Attempts) {
		if p.Attempts[i].Command == number {
			return &p.Attempts[i]
		}
	}
	panic("no such command")
}

// drop takes events from the log, and lets what follows move up.
func (p *past) drop(from, to int) {
	p.events = slices.Delete(p.events, from-1, to)
	versions := map[string]int64{}
	for i := range p.events {
		e := &p.events[i]
		versions[e.Stream]++
		e.Position, e.Version = int64(i+1), versions[e.Stream]
	}
}

func judge(p *past) (kinds []oracle.Kind, findings []oracle.Finding) {
	findings = oracle.New().Judge(p.History, p.events)
	found := map[oracle.Kind]bool{}
	for _, f := range findings {
		found[f.Kind] = true
	}
	return slices.Sorted(maps.Keys(found)), findings
}

func TestNothingIsWrong(t *testing.T) {
	if _, findings := judge(aPast()); len(findings) > 0 {
		t.Error(findings)
	}
}

// Each kind of damage is found, and named.
func TestDamageIsFound(t *testing.T) {
	for _, test := range []struct {
		name   string
		damage func(*past)
		want   oracle.Kind
	}{
		{"an acknowledged command is gone from the end", func(p *past) { p.drop(10, 10) }, oracle.Lost},
		{"an acknowledged command is gone from the middle", func(p *past) { p.drop(5, 5) }, oracle.Lost},
		{"a command took effect twice", func(p *past) { p.write(0) }, oracle.Duplicated},
		{"a command of unknown outcome took effect twice", func(p *past) {
			attempt := p.submit(10, 96, p.attempt(4).Streams...)
			p.write(attempt)
			p.write(attempt)
		}, oracle.Duplicated},
		{"a command was told twice that it is new", func(p *past) {
			p.attempt(7).Result.Duplicate = false
			p.Attempts[7] = *p.attempt(7)
		}, oracle.Duplicated},
		{"the end of a command is missing", func(p *past) { p.drop(3, 3) }, oracle.Torn},
		{"the beginning of a command of unknown outcome is missing", func(p *past) { p.drop(7, 7) }, oracle.Torn},
		{"a command has one event too many", func(p *past) {
			e := p.events[len(p.events)-1]
			p.events = append(p.events, oracle.Event{Position: 11, Stream: "a", Version: e.Version + 1, At: e.At, Command: e.Command, Index: 1})
		}, oracle.Torn},
		{"an event is in another stream", func(p *past) { p.events[9].Stream, p.events[9].Version = "b", p.version("b")+1 }, oracle.Torn},
		{"a command is of two commits", func(p *past) { p.events[1].At++ }, oracle.Torn},
		{"a position is missing", func(p *past) { p.events[9].Position++ }, oracle.Gap},
		{"a version is missing", func(p *past) { p.events[9].Version++ }, oracle.Gap},
		{"a version is there twice", func(p *past) { p.events[9].Version-- }, oracle.Gap},
		{"events that nobody submitted", func(p *past) {
			p.events = append(p.events, oracle.Event{Position: 11, Stream: "c", Version: 1, Command: 99})
		}, oracle.Stray},
		{"an expectation did not hold", func(p *past) { p.attempt(4).Streams[0].Expect = command.Exact(2) }, oracle.Missed},
		{"a guard did not hold", func(p *past) { p.attempt(2).Streams[1].Expect = command.NoStream }, oracle.Missed},
		{"an expectation of a command that nobody was told of did not hold", func(p *past) {
			p.Attempts[7].Streams = []oracle.Stream{{Name: "b", Expect: command.NoStream, Events: 2}}
		}, oracle.Missed},
		{"a conflict that there never was", func(p *past) { p.attempt(3).Conflict.Actual = 1 }, oracle.FalseConflict},
		{"a conflict that is none", func(p *past) { p.attempt(3).Streams[1].Expect = command.Exact(3) }, oracle.FalseConflict},
		{"a conflict with another stream than the first", func(p *past) { p.attempt(3).Streams[0].Expect = command.NoStream }, oracle.FalseConflict},
		{"a conflict that was over before", func(p *past) {
			p.attempt(3).Conflict = &command.ConflictError{Stream: "a", Expected: command.Exact(2), Actual: 0}
		}, oracle.FalseConflict},
		{"a conflict of what had taken effect", func(p *past) {
			p.conflict(p.submit(2, 35, p.attempt(2).Streams...), 39, *p.attempt(3).Conflict)
		}, oracle.FalseConflict},
		{"a conflict with what comes later", func(p *past) { p.attempt(3).Conflict.Actual = 4 }, oracle.Dirty},
		{"a conflict with what never came", func(p *past) { p.attempt(3).Conflict.Actual = 100 }, oracle.Dirty},
		{"a conflict with what its own submitter did later", func(p *past) {
			p.conflict(p.submit(10, 82, oracle.Stream{Name: "a", Expect: command.NoStream, Events: 1}), 99,
				command.ConflictError{Stream: "a", Expected: command.NoStream, Actual: 6})
			p.attempt(10).Submitter, p.attempt(10).Order = 8, 50
		}, oracle.Dirty},
		{"told another position", func(p *past) { p.attempt(4).Result.First-- }, oracle.Misreported},
		{"told another version", func(p *past) { p.attempt(4).Result.Versions[0].Version++ }, oracle.Misreported},
		{"told another version of a guard", func(p *past) { p.attempt(2).Result.Versions[1].Version++ }, oracle.Misreported},
		{"told too few versions", func(p *past) { p.attempt(2).Result.Versions = nil }, oracle.Misreported},
		{"told another time", func(p *past) { p.attempt(4).Result.CommittedAt = time.Now() }, oracle.Misreported},
		{"told to be a repetition, and is none", func(p *past) { p.attempt(4).Result.Duplicate = true }, oracle.Misreported},
		{"told to be not written, and is there", func(p *past) { p.refuse(3, 49) }, oracle.Contradicted},
		{"told to be not written, and a repetition of it was found", func(p *past) { p.refuse(7, 69) }, oracle.Contradicted},
		{"told a conflict, and is there", func(p *past) {
			p.conflict(len(p.Attempts)-1, 88, command.ConflictError{Stream: "a", Expected: command.NoStream, Actual: 4})
		}, oracle.Contradicted},
		{"overtaken by a later call", func(p *past) { p.attempt(9).Order = 0 }, oracle.Overtaken},
		{"overtaken by a later call, and nobody was told", func(p *past) {
			*p.attempt(9) = oracle.Attempt{Command: 9, Submitter: 8, Streams: p.attempt(9).Streams, Submitted: 81}
		}, oracle.Overtaken},
		{"before what was told before it was submitted", func(p *past) { p.attempt(2).Submitted = 50 }, oracle.Untimely},
		{"before what was seen before it was submitted", func(p *past) { p.Looks[0] = oracle.Look{Began: 1, Ended: 79, End: 9} }, oracle.Untimely},
		{"behind what was submitted after it was told", func(p *past) { p.attempt(9).Told, p.attempt(8).Submitted = 82, 83 }, oracle.Untimely},
		{"not seen by who looked after it was told", func(p *past) { p.Looks[0].End = 9 }, oracle.Untimely},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := aPast()
			test.damage(p)
			if kinds, findings := judge(p); !slices.Contains(kinds, test.want) {
				t.Errorf("found %v, want %q: %v", kinds, test.want, findings)
			}
		})
	}
}

// What follows is judged on what came before.
func TestWhatComesNext(t *testing.T) {
	first := aPast()
	next := func() (*past, []oracle.Event) {
		p := aPast()
		p.History = oracle.History{}
		p.write(p.submit(10, 100, oracle.Stream{Name: "a", Expect: command.Exact(6), Events: 1}))
		return p, p.events[len(first.events):]
	}
	for _, test := range []struct {
		name   string
		damage func(*past)
		want   []oracle.Kind
	}{
		{"nothing", func(*past) {}, nil},
		{"an expectation", func(p *past) { p.attempt(10).Streams[0].Expect = command.Exact(5) }, []oracle.Kind{oracle.Missed}},
		{"a version", func(p *past) { p.events[10].Version++ }, []oracle.Kind{oracle.Gap}},
		{"a command of which nobody knew before", func(p *past) { p.events[10].Command, p.Attempts = 6, nil }, nil},
		{"a command that was known before", func(p *past) { p.events[10].Command, p.Attempts = 4, nil }, []oracle.Kind{oracle.Stray}},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := oracle.New()
			if findings := o.Judge(first.History, first.events); len(findings) > 0 {
				t.Fatal(findings)
			}
			p, events := next()
			test.damage(p)
			var kinds []oracle.Kind
			for _, f := range o.Judge(p.History, events) {
				kinds = append(kinds, f.Kind)
			}
			if !slices.Equal(kinds, test.want) {
				t.Errorf("found %v, want %v", kinds, test.want)
			}
		})
	}
}
