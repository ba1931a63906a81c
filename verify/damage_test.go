package verify_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/verify"
)

// example is a log of 4 commits, 6 commands, 12 events and 3 streams.
//
//	position  1 2 3  4 5  6 7 8 9  10 11 12
//	stream    a a b  a c  b b c a   a  c  c
//	command   0 0 1  2 2  3 3 3 4   5  5  5
//	commit    1 1 1  2 2  3 3 3 3   4  4  4
func example() *log {
	return newLog([]string{"aa", "b"}, []string{"ac"}, []string{"bbc", "a"}, []string{"acc"})
}

func TestSound(t *testing.T) {
	report := example().verify()
	wantSound(t, report)
	want := verify.Report{
		LogID: id("root"), Events: 12, Commits: 4, Commands: 6, CommandIDs: 6, Streams: 3, End: 12, FirstAt: at(1), LastAt: at(4),
	}
	if fmt.Sprint(report) != fmt.Sprint(want) {
		t.Errorf("got  %+v\nwant %+v", report, want)
	}
}

func TestSoundWhenEmpty(t *testing.T) {
	report := newLog().verify()
	wantSound(t, report)
	if report.LogID != id("root") || report.Commits != 0 || report.End != 0 || !report.FirstAt.IsZero() {
		t.Errorf("%+v", report)
	}
}

func TestSoundWhenPruned(t *testing.T) {
	l := example()
	l.records = l.records[2:]
	l.prune(2)
	report := l.verify()
	wantSound(t, report)
	if report.LogID != uuid.Nil || report.Events != 12 || report.Commits != 2 || report.CommandIDs != 4 || report.FirstAt != at(3) {
		t.Errorf("%+v", report)
	}
}

// Each damage is found, and told in words of which each is true.
func TestDamage(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(l *log)
		want  []string // damage and what String gives, with the names of IDs
	}{
		{"an event is missing", func(l *log) { l.events = slices.Delete(l.events, 6, 7) }, []string{
			`missing events: position 7: no event stands at position 7`,
		}},
		{"the last events are missing", func(l *log) { l.events = l.events[:10] }, []string{
			`missing events: position 11: no event stands at positions 11 to 12`,
		}},
		{"all events are missing", func(l *log) { l.events = nil }, []string{
			`missing events: position 1: no event stands at positions 1 to 3`,
			`missing events: position 4: no event stands at positions 4 to 5`,
			`missing events: position 6: no event stands at positions 6 to 9`,
			`missing events: position 10: no event stands at positions 10 to 12`,
		}},
		{"a commit is missing with its events and commands", func(l *log) {
			l.commits, l.records = slices.Delete(l.commits, 2, 3), slices.Delete(l.records, 2, 3)
			l.events = slices.Delete(l.events, 3, 5)
		}, []string{
			`missing events: position 4: no event stands at positions 4 to 5`,
			`missing commits: position 4: no commit covers positions 4 to 5`,
			`wrong parent: position 6: commit commit3 names commit2 as its parent, and no commit of that ID ends at position 5`,
			`version order: position 8: version 2 of stream "c" follows no other`,
			`version order: position 9: version 4 of stream "a" follows version 2`,
		}},
		{"a commit is missing", func(l *log) { l.commits = slices.Delete(l.commits, 2, 3) }, []string{
			`wrong command: position 4: command command2 is kept with positions 4 to 5: no commit has them`,
			`missing commits: position 4: no commit covers positions 4 to 5`,
			`stray events: position 4: 2 events at positions 4 to 5 in no commit`,
			`wrong parent: position 6: commit commit3 names commit2 as its parent, and no commit of that ID ends at position 5`,
		}},
		{"two commits are missing", func(l *log) { l.commits, l.records = []verify.Commit{l.commits[0], l.commits[1], l.commits[3]}, nil }, []string{
			`missing commits: position 4: no commit covers positions 4 to 5`,
			`stray events: position 4: 2 events at positions 4 to 5 in no commit`,
			`wrong parent: position 6: commit commit3 names commit2 as its parent, and no commit of that ID ends at position 5`,
			`stray events: position 10: 3 events at positions 10 to 12 in no commit`,
		}},
		{"the first commit is missing", func(l *log) { l.commits = l.commits[1:] }, []string{
			`missing commits: position 1: commit commit1 is the oldest, and yet it follows another one, root`,
		}},
		{"the last commit is missing", func(l *log) { l.commits = l.commits[:4] }, []string{
			`wrong command: position 10: command command5 is kept with positions 10 to 12: no commit has them`,
			`stray events: position 10: 3 events at positions 10 to 12 in no commit`,
		}},
		{"no commit is there", func(l *log) { l.commits = nil }, []string{
			`missing commits: position 0: there is no commit, not even the one that every log begins with`,
			`stray events: position 1: 12 events at positions 1 to 12 in no commit`,
		}},
		{"an event is there twice", func(l *log) { l.events = append(l.events, l.events[4]) }, []string{
			`version order: position 5: version 1 of stream "c" follows version 1`,
			`duplicate events: position 5: version 1 of stream "c" stands where another event stands`,
		}},
		{"two events at one position", func(l *log) { l.events[5].Position = 5 }, []string{
			`wrong command: position 4: command command2 is kept with positions 4 to 5: the versions kept, [3 1], are not those of its events`,
			`duplicate events: position 5: version 2 of stream "b" stands where another event stands`,
			`event times: position 5: an event of commit commit2 without its time, 1970-01-01 00:00:02Z: the first has 1970-01-01 00:00:03Z`,
			`missing events: position 6: no event stands at position 6`,
		}},
		{"an event before the log", func(l *log) { l.events[0].Position = 0 }, []string{
			`stray events: position 0: version 1 of stream "a" stands before position 1`,
			`missing events: position 1: no event stands at position 1`,
		}},
		{"events behind the log", func(l *log) {
			l.events = append(l.events, verify.Event{Position: 13, Stream: "d", Version: 1}, verify.Event{Position: 14, Stream: "d", Version: 2})
		}, []string{
			`stray events: position 13: 2 events at positions 13 to 14 in no commit`,
		}},
		{"an event far behind the log", func(l *log) { l.events = append(l.events, verify.Event{Position: 1000, Stream: "d", Version: 1}) }, []string{
			`missing events: position 13: no event stands at positions 13 to 999`,
			`stray events: position 1000: an event at position 1000 in no commit`,
		}},
		{"a gap in the versions", func(l *log) { l.events[11].Version = 5 }, []string{
			`wrong command: position 10: command command5 is kept with positions 10 to 12: the versions kept, [5 3 4], are not those of its events`,
			`version order: position 12: version 5 of stream "c" follows version 3`,
		}},
		{"a stream that begins late", func(l *log) { l.events[2].Version = 2 }, []string{
			`version order: position 3: version 2 of stream "b" follows no other`,
			`wrong command: position 3: command command1 is kept with position 3: the versions kept, [1], are not those of its events`,
			`version order: position 6: version 2 of stream "b" follows version 2`,
		}},
		{"versions swapped", func(l *log) { l.events[5].Version, l.events[6].Version = 3, 2 }, []string{
			`version order: position 6: version 3 of stream "b" follows version 1`,
			`version order: position 7: version 2 of stream "b" follows version 3`,
		}},
		{"a version of zero", func(l *log) { l.events[0].Version = 0 }, []string{
			`version order: position 1: version 0 of stream "a" follows no other`,
			`version order: position 2: version 2 of stream "a" follows no other`,
		}},
		{"another stream", func(l *log) { l.events[7].Stream = "d" }, []string{
			`version order: position 8: version 2 of stream "d" follows no other`,
			`version order: position 11: version 3 of stream "c" follows version 1`,
		}},
		{"two commits after one position", func(l *log) {
			l.commits = append(l.commits, verify.Commit{ID: id("other"), Previous: 5, Last: 9, Parent: id("commit2"), Commands: 1, At: at(3)})
		}, []string{
			`branch: position 6: commit other follows position 5, as commit commit3 does`,
		}},
		{"a commit within another", func(l *log) {
			l.commits = append(l.commits, verify.Commit{ID: id("other"), Previous: 6, Last: 8, Parent: id("commit3"), Commands: 1, At: at(4)})
		}, []string{
			`wrong command: position 6: command command3 is kept with positions 6 to 8: a commit follows position 6`,
			`branch: position 7: commit other follows position 6, and that is within another commit`,
			`wrong parent: position 7: commit other names commit3 as its parent, and no commit of that ID ends at position 6`,
			`event times: position 7: 2 events of commit other without its time, 1970-01-01 00:00:04Z: the first has 1970-01-01 00:00:03Z`,
			`wrong time: position 10: commit commit4 has the time 1970-01-01 00:00:04Z, and the one before it 1970-01-01 00:00:04Z`,
		}},
		{"another parent", func(l *log) { l.commits[3].Parent = id("other") }, []string{
			`wrong parent: position 6: commit commit3 names other as its parent, and no commit of that ID ends at position 5`,
		}},
		{"the parent of the parent", func(l *log) { l.commits[3].Parent = id("commit1") }, []string{
			`wrong parent: position 6: commit commit3 names commit1 as its parent, and no commit of that ID ends at position 5`,
		}},
		{"no parent", func(l *log) { l.commits[3].Parent = uuid.Nil }, []string{
			`wrong parent: position 6: commit commit3 names no parent, and yet it is not the oldest`,
		}},
		{"a commit that ends early", func(l *log) { l.commits[2].Last = 4 }, []string{
			`wrong command: position 4: command command2 is kept with positions 4 to 5: its commit ends at 4`,
			`missing commits: position 5: no commit covers position 5`,
			`stray events: position 5: an event at position 5 in no commit`,
			`wrong parent: position 6: commit commit3 names commit2 as its parent, and no commit of that ID ends at position 5`,
		}},
		{"the last commit ends late", func(l *log) { l.commits[4].Last = 14 }, []string{
			`missing events: position 13: no event stands at positions 13 to 14`,
		}},
		{"a commit that ends late", func(l *log) { l.commits[2].Last = 6 }, []string{
			`branch: position 6: commit commit3 follows position 5, and that is within another commit`,
			`wrong parent: position 6: commit commit3 names commit2 as its parent, and no commit of that ID ends at position 5`,
		}},
		{"a commit of no event", func(l *log) { l.commits[4].Last = 9 }, []string{
			`wrong range: position 10: commit commit4 goes from position 9 to 9`,
			`wrong command: position 10: command command5 is kept with positions 10 to 12: no commit has them`,
			`stray events: position 10: 3 events at positions 10 to 12 in no commit`,
		}},
		{"the root covers an event", func(l *log) { l.commits[0].Last = 1 }, []string{
			`wrong range: position 0: commit root goes from position -1 to 1, and a log begins from -1 to 0`,
			`branch: position 1: commit commit1 follows position 0, and that is within another commit`,
			`wrong parent: position 1: commit commit1 names root as its parent, and no commit of that ID ends at position 0`,
		}},
		{"the root begins earlier", func(l *log) { l.commits[0].Previous = -2 }, []string{
			`wrong range: position -1: commit root goes from position -2 to 0, and a log begins from -1 to 0`,
		}},
		{"a commit at the time of the one before", func(l *log) {
			l.commits[3].At = at(2)
			for i := range 4 {
				l.events[5+i].At = at(2)
			}
			l.records[3].At, l.records[4].At = at(2), at(2)
		}, []string{
			`wrong time: position 6: commit commit3 has the time 1970-01-01 00:00:02Z, and the one before it 1970-01-01 00:00:02Z`,
		}},
		{"another time of a commit", func(l *log) { l.commits[2].At = at(30) }, []string{
			`wrong command: position 4: command command2 is kept with positions 4 to 5: its time is 1970-01-01 00:00:02Z, and that of its commit 1970-01-01 00:00:30Z`,
			`event times: position 4: 2 events of commit commit2 without its time, 1970-01-01 00:00:30Z: the first has 1970-01-01 00:00:02Z`,
			`wrong time: position 6: commit commit3 has the time 1970-01-01 00:00:03Z, and the one before it 1970-01-01 00:00:30Z`,
		}},
		{"another time of an event", func(l *log) { l.events[7].At = at(30) }, []string{
			`event times: position 8: an event of commit commit3 without its time, 1970-01-01 00:00:03Z: the first has 1970-01-01 00:00:30Z`,
		}},
		{"no command", func(l *log) { l.commits[3].Commands = 0 }, []string{
			`wrong count: position 6: commit commit3 gives 0 as the number of its commands, and it covers positions 6 to 9`,
		}},
		{"more commands than events", func(l *log) { l.commits[3].Commands = 5 }, []string{
			`wrong count: position 6: commit commit3 gives 5 as the number of its commands, and it covers positions 6 to 9`,
		}},
		{"commands of the root", func(l *log) { l.commits[0].Commands = 1 }, []string{
			`wrong count: position 0: commit root gives 1 as the number of its commands, and it covers position 0`,
		}},
		{"a command beyond the log", func(l *log) { l.records[5].First, l.records[5].Last = 13, 15 }, []string{
			`wrong command: position 13: command command5 is kept with positions 13 to 15: no commit has them`,
		}},
		{"a command beyond its commit", func(l *log) { l.records[2].Last = 6 }, []string{
			`wrong command: position 4: command command2 is kept with positions 4 to 6: its commit ends at 5`,
		}},
		{"a command backwards", func(l *log) { l.records[3].First, l.records[3].Last = 8, 6 }, []string{
			`wrong command: position 8: command command3 is kept with positions 8 to 6: no command can have them`,
		}},
		{"a command at no position", func(l *log) { l.records[0].First, l.records[0].Last = 0, 0 }, []string{
			`wrong command: position 0: command command0 is kept with position 0: no command can have them`,
		}},
		{"a command with the events of another", func(l *log) { l.records[1].First = 2 }, []string{
			`wrong command: position 2: command command1 is kept with positions 2 to 3: another command has some of them`,
		}},
		{"commands within the events of another", func(l *log) {
			l.records = append(l.records, verify.Record{ID: id("other"), First: 7, Last: 7}, verify.Record{ID: id("other"), First: 8, Last: 8})
		}, []string{
			`wrong command: position 7: command other is kept with position 7: another command has some of them`,
			`wrong command: position 8: command other is kept with position 8: another command has some of them`,
		}},
		{"a command at another time", func(l *log) { l.records[2].At = at(30) }, []string{
			`wrong command: position 4: command command2 is kept with positions 4 to 5: its time is 1970-01-01 00:00:30Z, and that of its commit 1970-01-01 00:00:02Z`,
		}},
		{"a command with another version", func(l *log) { l.records[3].Versions = []int64{2, 3, 3} }, []string{
			`wrong command: position 6: command command3 is kept with positions 6 to 8: the versions kept, [2 3 3], are not those of its events`,
		}},
		{"a command with too few versions", func(l *log) { l.records[2].Versions = []int64{3} }, []string{
			`wrong command: position 4: command command2 is kept with positions 4 to 5: the versions kept, [3], are not those of its events`,
		}},
		{"a command without versions", func(l *log) { l.records[2].Versions = nil }, []string{
			`wrong command: position 4: command command2 is kept with positions 4 to 5: the versions kept, [], are not those of its events`,
		}},
		{"several at once", func(l *log) {
			l.events = slices.Delete(l.events, 1, 2)
			l.commits[2].At = at(30)
			l.commits[4].Parent = id("other")
			l.records[5].Versions = nil
		}, []string{
			`missing events: position 2: no event stands at position 2`,
			`wrong command: position 4: command command2 is kept with positions 4 to 5: its time is 1970-01-01 00:00:02Z, and that of its commit 1970-01-01 00:00:30Z`,
			`version order: position 4: version 3 of stream "a" follows version 1`,
			`event times: position 4: 2 events of commit commit2 without its time, 1970-01-01 00:00:30Z: the first has 1970-01-01 00:00:02Z`,
			`wrong time: position 6: commit commit3 has the time 1970-01-01 00:00:03Z, and the one before it 1970-01-01 00:00:30Z`,
			`wrong parent: position 10: commit commit4 names other as its parent, and no commit of that ID ends at position 9`,
			`wrong command: position 10: command command5 is kept with positions 10 to 12: the versions kept, [], are not those of its events`,
		}},
		{"a pruned log with a parent", func(l *log) { l.commits = l.commits[3:] }, []string{
			`stray events: position 1: 5 events at positions 1 to 5 in no commit`,
			`missing commits: position 6: commit commit3 is the oldest, and yet it follows another one, commit2`,
		}},
		{"a pruned log without an event", func(l *log) { l.prune(2); l.events = slices.Delete(l.events, 1, 2) }, []string{
			`missing events: position 2: no event stands at position 2`,
			`version order: position 4: version 3 of stream "a" follows version 1`,
		}},
		{"a pruned log with a command across its beginning", func(l *log) { l.prune(2); l.records[2].Last = 6 }, []string{
			`wrong command: position 4: command command2 is kept with positions 4 to 6: a commit follows position 5`,
			`wrong command: position 6: command command3 is kept with positions 6 to 8: another command has some of them`,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := example()
			test.spoil(l)
			var got []string
			for _, f := range l.verify().Findings {
				got = append(got, fmt.Sprintf("%s: %s", f.Damage, named(f.String())))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(test.want, "\n\t"))
			}
		})
	}
}

// named puts the names back that IDs were made of.
func named(text string) string {
	names := []string{"root", "other"}
	for i := range 10 {
		names = append(names, fmt.Sprint("commit", i), fmt.Sprint("command", i))
	}
	for _, name := range names {
		text = strings.ReplaceAll(text, id(name).String(), name)
	}
	return text
}

// What a finding is about can be told without reading its words.
func TestFindingNamesWhatItIsAbout(t *testing.T) {
	l := example()
	l.events = slices.Delete(l.events, 1, 2)
	l.commits[2].Commands = 0
	l.records[3].Versions = nil
	want := []verify.Finding{
		{Damage: verify.MissingEvents, Position: 2, Commit: id("commit1")},
		{Damage: verify.WrongCount, Position: 4, Commit: id("commit2")},
		{Damage: verify.VersionOrder, Position: 4, Commit: id("commit2"), Stream: "a"},
		{Damage: verify.WrongCommand, Position: 6, Commit: id("commit3"), Command: id("command3")},
	}
	got := l.verify().Findings
	for i := range got {
		got[i].Detail = ""
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// A report is bounded, whatever there is to report.
func TestManyFindings(t *testing.T) {
	l := example()
	for i := range int64(1000) {
		l.events = append(l.events, verify.Event{Position: 100 + 2*i, Stream: "d", Version: i + 1})
	}
	report := l.verify()
	if report.Damages != 1001 || len(report.Findings) != verify.MaxFindings || report.Sound() {
		t.Errorf("%d findings, %d listed", report.Damages, len(report.Findings))
	}
}
