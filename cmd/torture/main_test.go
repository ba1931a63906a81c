package main

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/internal/worker"
)

func TestMain(m *testing.M) {
	worker.Main(map[string]worker.Task{writerTask: write})
	pgtest.Main(m)
}

func TestFlags(t *testing.T) {
	c, err := parse([]string{"-duration=1h", "-seed=7", "-writers=2", "-only=COMMIT"}, io.Discard)
	if err != nil || c.duration != time.Hour || c.seed != 7 || c.writers != 2 || c.only != "COMMIT" || c.clients == 0 {
		t.Errorf("%+v, %v", c, err)
	}
	for _, args := range [][]string{{"more"}, {"-writers=1"}, {"-clients=0"}, {"-round=1ms"}, {"-calm=0"}, {"-only=("}} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("%s is accepted", args)
		}
	}
}

func TestFaultsThatAreAskedFor(t *testing.T) {
	noDisk := errors.New("no disk")
	all, tally := &config{}, newTally()
	if kinds, err := all.kinds(noDisk, tally); err != nil || len(kinds) != len(faults)-1 || tally.notTested[0] != "disk full: no disk" {
		t.Errorf("%d kinds, %v, %v", len(kinds), tally.notTested, err)
	}
	if kinds, err := all.kinds(nil, newTally()); err != nil || len(kinds) != len(faults) {
		t.Errorf("%d kinds, %v", len(kinds), err)
	}
	one := &config{only: "^writer killed"}
	if kinds, err := one.kinds(nil, newTally()); err != nil || len(kinds) != 1 {
		t.Errorf("%d kinds, %v", len(kinds), err)
	}
	none := &config{only: "nothing like it"}
	if _, err := none.kinds(nil, newTally()); err == nil {
		t.Error("a run without faults")
	}
}
