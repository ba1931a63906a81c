package conformance

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/verify"
)

func verified(t *testing.T, store Store) verify.Report {
	t.Helper()
	report, err := store.Verify(t.Context())
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	return report
}

// sound verifies a log that must be sound.
func sound(t *testing.T, store Store) verify.Report {
	t.Helper()
	report := verified(t, store)
	if !report.Sound() || len(report.Findings) > 0 {
		t.Errorf("%d findings: %v", report.Damages, report.Findings)
	}
	return report
}

func verifies(t *testing.T, open Open) {
	handle := open(t)
	store := handle()
	root := look(t, store, committer.Query{}).End.Commit
	chain := NewChain(t, store)
	first := chain.Append(Events("a", 2), Events("b", 1), Events("a", 1))
	chain.Commit(chain.Next(Events("b", 3), Events("c", 1)).WithIDs(uuid.New()))
	chain.Append(Events("c", 2))
	last := chain.Next(Events("a", 1)).WithIDs(uuid.New())
	last.Commit.Records[0].Versions = []int64{17, 4, 0} // it guarded two others
	chain.Commit(last)
	want := verify.Report{
		LogID: root, Events: 11, Commits: 4, Commands: 4, CommandIDs: 2, Streams: 3, End: 11,
		FirstAt: first.Commit.Time.UTC(), LastAt: last.Commit.Time.UTC(),
	}
	for _, store := range []Store{store, handle()} {
		if got := sound(t, store); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
}

func verifiesEmpty(t *testing.T, open Open) {
	store := open(t)()
	want := verify.Report{LogID: look(t, store, committer.Query{}).End.Commit}
	if got := sound(t, store); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// A log to which somebody appends is sound at every moment.
func verifiesBesideWriter(t *testing.T, open Open) {
	handle := open(t)
	store, writer := handle(), handle()
	written := make(chan struct{})
	var verifier sync.WaitGroup
	verifier.Go(func() {
		for before, last := int64(0), false; !last; {
			select {
			case <-written:
				last = true
			default:
			}
			report, err := store.Verify(t.Context())
			if err != nil || !report.Sound() || report.Events < before {
				t.Errorf("%d events after %d, %v, findings: %v", report.Events, before, err, report.Findings)
			}
			before = report.Events
		}
	})
	defer verifier.Wait()
	defer close(written)
	chain := NewChain(t, writer)
	for n := range 200 {
		chain.Commit(chain.Next(Events("a", 1+n%5), Events("b", 2)).WithIDs(uuid.New()))
	}
}

// What a committer would never append, but the log accepts, is found.
func verifiesAppended(t *testing.T, open Open) {
	for _, test := range []struct {
		name  string
		spoil func(c *committer.Commit, parent time.Time)
		want  []verify.Damage
	}{
		{"nothing", func(*committer.Commit, time.Time) {}, nil},
		{"a version is left out", func(c *committer.Commit, _ time.Time) { c.Rows[2].Version++ }, []verify.Damage{verify.WrongCommand, verify.VersionOrder}},
		{"versions are swapped", func(c *committer.Commit, _ time.Time) {
			c.Rows[0].Version, c.Rows[1].Version = c.Rows[1].Version, c.Rows[0].Version
		}, []verify.Damage{verify.VersionOrder, verify.VersionOrder}},
		{"no later than its parent", func(c *committer.Commit, parent time.Time) {
			c.Time, c.Records[0].CommittedAt = parent, parent
		}, []verify.Damage{verify.WrongTime}},
		{"no command", func(c *committer.Commit, _ time.Time) { c.Commands = 0 }, []verify.Damage{verify.WrongCount}},
		{"a command from another commit on", func(c *committer.Commit, _ time.Time) { c.Records[0].First-- }, []verify.Damage{verify.WrongCommand}},
		{"a command beyond the end", func(c *committer.Commit, _ time.Time) { c.Records[0].Last++ }, []verify.Damage{verify.WrongCommand}},
		{"a command before the log", func(c *committer.Commit, _ time.Time) { c.Records[0].First = -1 }, []verify.Damage{verify.WrongCommand}},
		{"a command without versions", func(c *committer.Commit, _ time.Time) { c.Records[0].Versions = nil }, []verify.Damage{verify.WrongCommand}},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := open(t)()
			chain := NewChain(t, store)
			parent := chain.Append(Events("a", 2), Events("b", 1)).Commit
			step := chain.Next(Events("a", 2), Events("b", 1)).WithIDs(uuid.New())
			test.spoil(step.Commit, parent.Time)
			chain.Commit(step)
			var got []verify.Damage
			for _, f := range verified(t, store).Findings {
				got = append(got, f.Damage)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("found %q, want %q", got, test.want)
			}
		})
	}
}
