package cutsweep_test

import (
	"flag"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/groupcommit/groupcommit/internal/cutsweep"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var complete = flag.Bool("complete", false, "make every cut, which takes minutes")

// Whatever message the connection is cut at, the verdict is what the database says. Without -complete one message of each series is
// cut, not the same in all.
func TestVerdictIsTheTruth(t *testing.T) {
	sweep, err := cutsweep.New(t.Context(), pgtest.URL(t), pgtest.Schema(t))
	if err != nil {
		t.Fatal(err)
	}
	if *complete {
		cuts, untrue, err := sweep.Complete(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("cut sweep complete: %d cuts, %d of them with a commit behind another", cuts, sweep.Behind())
		wantTrue(t, untrue)
		return
	}
	var happened atomic.Int64
	var all sync.WaitGroup
	places := make(chan struct{}, cutsweep.Width)
	for i, cut := range cutsweep.Series() {
		cut.Number = 1 + 3*(i%5)
		all.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			switch cutOne, err := sweep.Run(t.Context(), cut); {
			case err != nil:
				t.Error(err)
			case cutOne:
				happened.Add(1)
			}
		})
	}
	all.Wait()
	untrue, err := sweep.Judge(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantTrue(t, untrue)
	if n := int(happened.Load()); n < len(cutsweep.Series())/2 {
		t.Errorf("only %d cuts", n)
	}
}

func wantTrue(t *testing.T, untrue []string) {
	t.Helper()
	for _, u := range untrue {
		t.Error(u)
	}
}
