package pipeline_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groupcommit/groupcommit/memlog"
)

// A busy process beside some that trickle does most of what it could do alone, and none of the others waits for much longer than its turn lasts.
func TestTrickleBesideABusyProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const trickling, clients, start, lasting = 5, 10, time.Second, 10 * time.Second
		log := memlog.New()
		begun := time.Now()
		var wg sync.WaitGroup
		busy := startProcess(t, log)
		for range clients {
			wg.Go(func() {
				for time.Since(begun) < lasting {
					busy.append(t)
				}
			})
		}
		var others [trickling]*process
		for i := range others {
			others[i] = startProcess(t, log)
			wg.Go(func() {
				for time.Since(begun) < lasting {
					time.Sleep(time.Duration(90+3*i) * time.Millisecond)
					submitted := time.Now()
					others[i].append(t)
					const turn, everybody = 50 * time.Millisecond, (trickling + 1) * appendTime
					if took := time.Since(submitted); took > turn+everybody && submitted.Sub(begun) > start { // by then they know each other
						t.Errorf("process %d waited for %v", i, took)
					}
				}
			})
		}
		wg.Wait()
		if commits, alone := len(busy.commits), int(lasting/appendTime); commits < alone*7/10 {
			t.Errorf("%d commits, alone it could do %d", commits, alone)
		}
		busy.close(t)
		for _, p := range others {
			p.close(t)
		}
	})
}
