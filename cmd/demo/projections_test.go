package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/internal/storetest"
	"github.com/groupcommit/groupcommit/internal/workload"
	"github.com/groupcommit/groupcommit/projection"
)

// projecting starts projections of a store, which end with the test.
func projecting(t *testing.T, store *groupcommit.Store) *projections {
	t.Helper()
	p, err := startProjections(t.Context(), store, pgtest.URL(t), pgtest.Schema(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.close() })
	return p
}

// findings is what an audit finds out about the read models.
func findings(t *testing.T, p *projections) []workload.Finding {
	t.Helper()
	replays, err := p.replays(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, findings, err := workload.Audit(p.store.ReadAll(t.Context()), replays...)
	if err != nil {
		t.Fatal(err)
	}
	return findings
}

func TestReadModelsFollowAndAreChecked(t *testing.T) {
	store := storetest.Opened(t)(groupcommit.OpenInMemory(groupcommit.Config{}))
	p := projecting(t, store)
	if err := (workload.Preload{}).Run(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	bank, shop := workload.NewBank(store, "", true), workload.NewShop(store, "")
	for i := range 30 {
		for _, do := range []workload.Do{bank.Do, shop.Do} {
			if _, err := do(t.Context(), i); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, f := range findings(t, p) {
		if f.Err != nil {
			t.Errorf("%v: %v", f.Invariant, f.Err)
		}
	}
	balances, stock := p.models[0].(*sums[workload.Account]).table, p.models[1].(*sums[workload.Stock]).table
	for _, differs := range []struct {
		sql     string
		model   int
		finding string
	}{
		{"INSERT INTO " + stock + " VALUES ('product-x', 0, 0)", 1, "it has 11 rows, and there are 10 streams"},
		{"UPDATE " + stock + " SET added = added + 1 WHERE stream = 'product-prod0007'", 1, "of product-prod0007 it has [added reserved] [10001 "},
		{"DELETE FROM " + balances + " WHERE stream = 'account-acc0008'", 0, "of account-acc0008 it has [balance pending] [0 0], and"},
	} {
		pgtest.Exec(t, differs.sql)
		if f := findings(t, p)[differs.model]; f.Err == nil || !strings.HasPrefix(f.Err.Error(), differs.finding) {
			t.Errorf("after %s: %v", differs.sql, f.Err)
		}
	}
}

func TestReadModelThatStopsIsNotWaitedFor(t *testing.T) {
	store := storetest.Opened(t)(groupcommit.OpenInMemory(groupcommit.Config{}))
	p := projecting(t, store)
	if _, err := store.Append(t.Context(), groupcommit.To("account-x", groupcommit.Any, groupcommit.JSON("TransactionInitiated", "no amount"))); err != nil {
		t.Fatal(err)
	}
	_, err := p.catchUp(t.Context())
	if stopped, ok := errors.AsType[*projection.StoppedError](err); !ok || stopped.Name != "balances" {
		t.Errorf("%v", err)
	}
}
