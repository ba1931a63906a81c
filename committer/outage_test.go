package committer_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
)

// outageOf makes one batch fail for longer than RetryFor.
func outageOf(t *testing.T, c *committer.Committer, log *script) {
	t.Helper()
	log.onAppend = func(*committer.Commit) error { return fails(committer.Transient) }
	wantError(t, commit(t, c, log, write("victim", command.Any, "x"))[0], command.ErrNotWritten)
	log.onAppend = nil
}

// After an outage longer than RetryFor, clients retry commands with IDs that took effect.
func TestRepetitionAfterOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newScript()
		c := committer.New(log, committer.Config{})
		cmd := withID(uuid.New(), write("a", command.Any, "1"))
		first := commit(t, c, log, cmd)[0]
		outageOf(t, c, log)
		for range 5 {
			time.Sleep(time.Hour)
			wantDuplicate(t, commit(t, c, log, cmd)[0], first)
		}
		vs := commit(t, c, log, write("innocent", command.Any, "1"), cmd)
		wantVersion(t, vs[0], 2, 1)
		wantDuplicate(t, vs[1], first)
	})
}

// The same with a NoStream that is already there: never a conflict.
func TestNoStreamAfterOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newScript()
		c := committer.New(log, committer.Config{})
		other := committer.New(log, committer.Config{})
		commit(t, other, log, write("a", command.NoStream, "1"))
		outageOf(t, c, log)
		for range 3 {
			time.Sleep(time.Hour)
			wantConflict(t, commit(t, c, log, write("a", command.NoStream, "1"))[0], 1)
		}
	})
}

// Hours after the outage both idle connections of two in flight turn out to be dead (the server was restarted): two answers lost in a row.
func TestStaleConnectionsHoursAfterOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newScript()
		c := committer.New(log, committer.Config{})
		log.onLook = func() error { return fails(committer.Transient) }
		wantError(t, commit(t, c, log, write("victim", command.Any, "x"))[0], command.ErrNotWritten)
		log.onLook = nil
		time.Sleep(7 * time.Hour)
		log.onAppend = once(fails(committer.InDoubt), fails(committer.InDoubt))
		wantVersion(t, commit(t, c, log, write("a", command.Any, "1"))[0], 1, 1)
	})
}
