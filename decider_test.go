package groupcommit_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/decider"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/internal/workload"
)

// A bank and a shop decide on few hot streams, in one process and in two, also where states are hardly kept and sessions die: the money adds up, the stock
// is never below zero, and the log is what was acknowledged. Nobody sees a conflict, and every command is decided, not tried again by its caller.
func TestBankAndShop(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		store := openInMemory(t, groupcommit.Config{BatchCommands: 20})
		bankAndShop(t, func() {}, func() *groupcommit.Store { return store }, store)
	})
	for _, test := range []struct {
		name      string
		config    groupcommit.Config
		stores    int
		terminate bool
	}{
		{name: "postgres", stores: 1},
		{name: "few states", config: groupcommit.Config{StateStreams: 3, HeadStreams: 5, BatchCommands: 10}, stores: 1},
		{name: "two processes", config: groupcommit.Config{StateStreams: 10}, stores: 2},
		{name: "sessions end", stores: 2, terminate: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.config.Schema = pgtest.Schema(t)
			test.config.ApplicationName = test.config.Schema
			var stores []*groupcommit.Store
			for range test.stores {
				stores = append(stores, openPostgres(t, test.config))
			}
			disturb := func() {}
			if test.terminate {
				disturb = func() {
					pgtest.Exec(t, fmt.Sprintf("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"+
						" WHERE application_name = '%s' AND random() < 0.3", test.config.Schema))
				}
			}
			auditor := func() *groupcommit.Store { return openPostgres(t, test.config) } // no session of which has ended
			bankAndShop(t, disturb, auditor, stores...)
		})
	}
}

// bankAndShop disturbs now and then, one at a time.
func bankAndShop(t *testing.T, disturb func(), auditor func() *groupcommit.Store, stores ...*groupcommit.Store) {
	const commands, clients = 600, 20
	preload := workload.Preload{Opening: 20_000, Stock: 300}
	receipts := workload.NewReceipts(stores[0])
	if err := preload.Run(t.Context(), receipts); err != nil {
		t.Fatal(err)
	}
	var banks []workload.Earner
	var shops []workload.Seller
	var answered, refused atomic.Int64
	var disturbing sync.Mutex
	each := func() {
		if answered.Add(1)%100 == 0 {
			disturbing.Lock()
			defer disturbing.Unlock()
			disturb()
		}
	}
	var wg sync.WaitGroup
	invariants := []workload.Invariant{workload.Contiguous()}
	for n, store := range stores {
		through := receipts
		if n > 0 {
			through = workload.NewReceipts(store)
		}
		bank, shop := workload.NewBank(through, "", true), workload.NewShop(through, "")
		banks, shops = append(banks, bank), append(shops, shop)
		for _, do := range []workload.Do{bank.Do, shop.Do} {
			wg.Go(func() {
				result := workload.Drive(t.Context(), workload.Load{Clients: clients, Commands: commands, Each: each}, do)
				refused.Add(int64(result.Refusals))
				if result.Err != nil {
					t.Errorf("%d commands failed: %v", result.Errors, result.Err)
				}
			})
		}
	}
	wg.Wait()
	if refused.Load() == 0 {
		t.Error("no rule has refused anything")
	}
	if len(stores) == 1 {
		invariants = append(invariants, receipts.Kept())
	}
	invariants = append(invariants, workload.Money(preload, banks...), workload.Goods(preload, shops...))
	_, findings, err := workload.Audit(auditor().ReadAll(t.Context()), invariants...)
	if err != nil {
		t.Fatal(err)
	}
	for _, finding := range findings {
		if finding.Err != nil {
			t.Errorf("%s: %v", finding.Invariant, finding.Err)
		}
	}
}

// A decision with an ID takes effect once: by another process, and also when it would now be refused, the answer is the first result.
func TestDecisionTakesEffectOnce(t *testing.T) {
	config := groupcommit.Config{Schema: pgtest.Schema(t)}
	stores := []*groupcommit.Store{openPostgres(t, config), openPostgres(t, config)}
	id, taken := decider.ID(uuid.New(), "take the seat"), errors.New("taken")
	seats := decider.New(func(n int, _ groupcommit.RecordedEvent) (int, error) { return n + 1, nil })
	seat := seats.At("seat")
	take := func(store *groupcommit.Store, parts ...decider.Part) (groupcommit.Result, error) {
		return store.Append(t.Context(), decider.Command(func(d *decider.Decision) error {
			if seat.State(d) > 0 {
				return taken
			}
			seat.Append(d, happened(1))
			return nil
		}, append(parts, seat)...))
	}
	first, err := take(stores[0], id)
	if err != nil {
		t.Fatal(err)
	}
	for _, store := range append(stores, stores...) {
		if again, err := take(store, id); err != nil || !again.Duplicate || again.First != first.First || again.Version("seat") != 1 {
			t.Errorf("%+v, %v", again, err)
		}
		if _, err := take(store); !errors.Is(err, taken) {
			t.Errorf("without an ID: %v", err)
		}
	}
}

// The states of a process follow what another one appends.
func TestDecisionsOfTwoProcesses(t *testing.T) {
	config := groupcommit.Config{Schema: pgtest.Schema(t)}
	stores := []*groupcommit.Store{openPostgres(t, config), openPostgres(t, config)}
	counters := decider.New(func(n int64, _ groupcommit.RecordedEvent) (int64, error) { return n + 1, nil })
	counter := counters.At("counter")
	var wg sync.WaitGroup
	for _, store := range stores {
		for range 5 {
			wg.Go(func() {
				for range 30 {
					result, err := decider.Submit(context.WithoutCancel(t.Context()), store, func(d *decider.Decision) error {
						if counter.State(d) != counter.Version(d) {
							return fmt.Errorf("%d at version %d", counter.State(d), counter.Version(d))
						}
						counter.Append(d, happened(int(counter.State(d))))
						return nil
					}, counter).Wait(t.Context())
					if err != nil {
						t.Errorf("%+v, %v", result, err)
					}
				}
			})
		}
	}
	wg.Wait()
	for i, e := range readAll(t, stores[0]) {
		if string(e.Data) != fmt.Sprint(i) {
			t.Errorf("event %d was decided at %s", i, e.Data)
		}
	}
}
