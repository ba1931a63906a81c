package pg_test

import (
	"fmt"
	"regexp"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/internal/conformance"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/pg"
)

// victim is a log in which everything is possible: its constraints are gone. It has 4 commits and 12 events, and each commit is that of one
// command with an ID.
//
//	position  1 2 3  4 5  6 7 8 9  10 11 12
//	stream    a a b  a c  b b c a   a  c  c
//	commit    1 1 1  2 2  3 3 3 3   4  4  4
type victim struct {
	store  *pg.Store
	schema string
	named  *strings.Replacer // of IDs by names
}

func openVictim(t *testing.T) *victim {
	t.Helper()
	schema := pgtest.Schema(t)
	store := open(t, pgtest.URL(t), schema)
	chain := conformance.NewChain(t, store)
	names := []string{chain.End().Commit.String(), "root", uuid.Max.String(), "other"}
	for i, streams := range []string{"aab", "ac", "bbca", "acc"} {
		var writes []command.StreamWrite
		for _, stream := range streams {
			writes = append(writes, conformance.Events(string(stream), 1))
		}
		step := chain.Next(writes...).WithIDs(uuid.New())
		chain.Commit(step)
		names = append(names, step.Commit.ID.String(), fmt.Sprint("commit", i+1), step.Commit.Records[0].ID.String(), fmt.Sprint("command", i+1))
	}
	v := &victim{store: store, schema: schema, named: strings.NewReplacer(names...)}
	v.exec(t, `
		ALTER TABLE commits DROP CONSTRAINT commits_parent_fkey, DROP CONSTRAINT commits_pkey, DROP CONSTRAINT commits_last_commit_id_key,
			DROP CONSTRAINT commits_last_check;
		ALTER TABLE events DROP CONSTRAINT events_position_key, DROP CONSTRAINT events_stream_version_key`)
	return v
}

// exec runs statements as a superuser who is stopped by no trigger.
func (v *victim) exec(t *testing.T, sql string) {
	t.Helper()
	pgtest.Exec(t, "SET search_path TO "+v.schema+"; SET session_replication_role TO replica; "+sql)
}

// findings are the kind and the words of all that is found, with names for IDs and without the clock.
func (v *victim) findings(t *testing.T) (findings []string) {
	t.Helper()
	report, err := v.store.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		findings = append(findings, aTime.ReplaceAllString(fmt.Sprintf("%s: %s", f.Damage, v.named.Replace(f.String())), "T"))
	}
	return findings
}

var aTime = regexp.MustCompile(`-?\d{4,}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?Z`)

func TestVerifyDamage(t *testing.T) {
	for _, test := range []struct {
		name string
		sql  string
		want []string
	}{
		{"none", "", nil},
		{"an event is missing", "DELETE FROM events WHERE position = 4", []string{
			`missing events: position 4: no event stands at position 4`,
			`version order: position 9: version 4 of stream "a" follows version 2`,
		}},
		{"the last event is missing", "DELETE FROM events WHERE position = 12", []string{
			`missing events: position 12: no event stands at position 12`,
		}},
		{"an event is there twice", "INSERT INTO events SELECT * FROM events WHERE position = 5", []string{
			`version order: position 5: version 1 of stream "c" follows version 1`,
			`duplicate events: position 5: version 1 of stream "c" stands where another event stands`,
		}},
		{"two events at one position", "UPDATE events SET position = 8 WHERE position = 7", []string{
			`wrong command: position 6: command command3 is kept with positions 6 to 9: the versions kept, [2 3 2 4], are not those of its events`,
			`missing events: position 7: no event stands at position 7`,
			`duplicate events: position 8: version 3 of stream "b" stands where another event stands`,
		}},
		{"a gap in the versions", "UPDATE events SET version = version + 1 WHERE stream = 'c' AND version > 2", []string{
			`wrong command: position 10: command command4 is kept with positions 10 to 12: the versions kept, [5 3 4], are not those of its events`,
			`version order: position 11: version 4 of stream "c" follows version 2`,
		}},
		{"versions are swapped", "UPDATE events SET version = 5 - version WHERE stream = 'b' AND version > 1", []string{
			`version order: position 6: version 3 of stream "b" follows version 1`,
			`version order: position 7: version 2 of stream "b" follows version 3`,
		}},
		{"an event in no commit", "INSERT INTO events SELECT 13, 'd', 1, event_id, type, data, metadata, recorded_at FROM events WHERE position = 12", []string{
			`stray events: position 13: an event at position 13 in no commit`,
		}},
		{"a commit is missing", "DELETE FROM commits WHERE last = 5", []string{
			`wrong command: position 4: command command2 is kept with positions 4 to 5: no commit has them`,
			`missing commits: position 4: no commit covers positions 4 to 5`,
			`stray events: position 4: 2 events at positions 4 to 5 in no commit`,
			`wrong parent: position 6: commit commit3 names commit2 as its parent, and no commit of that ID ends at position 5`,
		}},
		{"the genesis is missing", "DELETE FROM commits WHERE last = 0", []string{
			`missing commits: position 1: commit commit1 is the oldest, and yet it follows another one, root`,
		}},
		{"all commits are missing", "DELETE FROM commits", []string{
			`missing commits: position 0: there is no commit, not even the one that every log begins with`,
			`stray events: position 1: 12 events at positions 1 to 12 in no commit`,
		}},
		{"a branch", `
			INSERT INTO commits SELECT previous, last, 'ffffffff-ffff-ffff-ffff-ffffffffffff', parent, commands, writer, committed_at
			FROM commits WHERE last = 9`, []string{
			`branch: position 6: commit other follows position 5, as commit commit3 does`,
		}},
		{"a wrong parent", "UPDATE commits SET parent = 'ffffffff-ffff-ffff-ffff-ffffffffffff' WHERE last = 9", []string{
			`wrong parent: position 6: commit commit3 names other as its parent, and no commit of that ID ends at position 5`,
		}},
		{"no parent", "UPDATE commits SET parent = NULL WHERE last = 9", []string{
			`wrong parent: position 6: commit commit3 names no parent, and yet it is not the oldest`,
		}},
		{"a commit that covers too much", "UPDATE commits SET last = 13 WHERE last = 12", []string{
			`missing events: position 13: no event stands at position 13`,
		}},
		{"a commit that covers too little", "UPDATE commits SET last = 8 WHERE last = 9", []string{
			`wrong command: position 6: command command3 is kept with positions 6 to 9: its commit ends at 8`,
			`missing commits: position 9: no commit covers position 9`,
			`stray events: position 9: an event at position 9 in no commit`,
			`wrong parent: position 10: commit commit4 names commit3 as its parent, and no commit of that ID ends at position 9`,
		}},
		{"too many commands", "UPDATE commits SET commands = 3 WHERE last = 5", []string{
			`wrong count: position 4: commit commit2 gives 3 as the number of its commands, and it covers positions 4 to 5`,
		}},
		{"a commit at an earlier time", "UPDATE commits SET committed_at = committed_at - interval '1 day' WHERE last = 9", []string{
			`wrong time: position 6: commit commit3 has the time T, and the one before it T`,
			`wrong command: position 6: command command3 is kept with positions 6 to 9: its time is T, and that of its commit T`,
			`event times: position 6: 4 events of commit commit3 without its time, T: the first has T`,
		}},
		{"events at another time", "UPDATE events SET recorded_at = recorded_at + interval '1 us' WHERE position IN (7, 8)", []string{
			`event times: position 7: 2 events of commit commit3 without its time, T: the first has T`,
		}},
		{"an event at no time", "UPDATE events SET recorded_at = 'infinity' WHERE position = 7", []string{
			`event times: position 7: an event of commit commit3 without its time, T: the first has T`,
		}},
		{"a command beyond the end", "UPDATE command_ids SET first = 13, last = 15 WHERE last = 12", []string{
			`wrong command: position 13: command command4 is kept with positions 13 to 15: no commit has them`,
		}},
		{"a command at another time", "UPDATE command_ids SET committed_at = '-infinity' WHERE last = 5", []string{
			`wrong command: position 4: command command2 is kept with positions 4 to 5: its time is T, and that of its commit T`,
		}},
		{"a command with other versions", "UPDATE command_ids SET versions = '{3, 2}' WHERE last = 5", []string{
			`wrong command: position 4: command command2 is kept with positions 4 to 5: the versions kept, [3 2], are not those of its events`,
		}},
		{"several", `
			DELETE FROM events WHERE position = 2; UPDATE commits SET parent = NULL WHERE last = 9;
			UPDATE command_ids SET first = 0 WHERE last = 12`, []string{
			`wrong command: position 0: command command4 is kept with positions 0 to 12: no command can have them`,
			`missing events: position 2: no event stands at position 2`,
			`version order: position 4: version 3 of stream "a" follows version 1`,
			`wrong parent: position 6: commit commit3 names no parent, and yet it is not the oldest`,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := openVictim(t)
			v.exec(t, test.sql)
			if got := v.findings(t); !slices.Equal(got, test.want) {
				t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(test.want, "\n\t"))
			}
		})
	}
}

// Commits that were pruned leave a log that is sound.
func TestVerifyPruned(t *testing.T) {
	v := openVictim(t)
	v.exec(t, "DELETE FROM commits WHERE last < 9; UPDATE commits SET parent = NULL WHERE last = 9; DELETE FROM command_ids WHERE last < 12")
	report, err := v.store.Verify(t.Context())
	if err != nil || !report.Sound() {
		t.Fatalf("%v, %v", report.Findings, err)
	}
	if report.LogID != uuid.Nil || report.Events != 12 || report.Commits != 2 || report.CommandIDs != 1 || report.Streams != 3 {
		t.Errorf("%+v", report)
	}
}

// What is not there any more is an error and not a finding.
func TestVerifyCannotBeFinished(t *testing.T) {
	v := openVictim(t)
	v.exec(t, "DROP TABLE command_ids")
	if report, err := v.store.Verify(t.Context()); err == nil {
		t.Errorf("no error, but %v", report.Findings)
	}
}

// Memory does not grow with the log.
func TestVerifyKeepsNothing(t *testing.T) {
	v := openVictim(t)
	v.exec(t, `
		INSERT INTO commits SELECT 12, 200012, 'ffffffff-ffff-ffff-ffff-ffffffffffff', commit_id, 1, writer, 'tomorrow' FROM commits WHERE last = 12;
		INSERT INTO events SELECT 12 + n, 'stream ' || n, 1, gen_random_uuid(), '', 'null', NULL, 'tomorrow' FROM generate_series(1, 200000) n`)
	peak := peakHeap()
	report, err := v.store.Verify(t.Context())
	if err != nil || !report.Sound() || report.Events != 200_012 {
		t.Errorf("%d events, %v, %v", report.Events, report.Findings, err)
	}
	if grown := peak(); grown > 8<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
}

// peakHeap watches the heap, garbage included. The function that it returns ends that and gives by how much the heap has been larger than now.
func peakHeap() (grown func() int64) {
	runtime.GC()
	before := heap()
	stop, peak := make(chan struct{}), make(chan int64)
	go func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		var highest int64
		for {
			highest = max(highest, heap())
			select {
			case <-tick.C:
			case <-stop:
				peak <- highest
				return
			}
		}
	}()
	return func() int64 {
		close(stop)
		return <-peak - before
	}
}

func heap() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}
