package cutsweep

import (
	"testing"

	"github.com/groupcommit/groupcommit/internal/pgproxy"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// The shapes go over the wire as they are called.
func TestShapes(t *testing.T) {
	sweep, err := New(t.Context(), pgtest.URL(t), pgtest.Schema(t))
	if err != nil {
		t.Fatal(err)
	}
	copies := map[string]int{"prepared inserts": 0, "copy": 1, "copy behind another": 2}
	for _, shape := range Shapes {
		t.Run(shape.Name, func(t *testing.T) {
			proxy, err := pgproxy.Start(sweep.url, roundTrip)
			if err != nil {
				t.Fatal(err)
			}
			defer proxy.Close()
			ends := proxy.On(pgproxy.Message(pgproxy.Frontend, 'c', ""), pgproxy.Every, pgproxy.Fault{}) // of COPYs
			var sent underWay
			behind := proxy.On(func(f *pgproxy.Frame) bool { return sent.Load() > 1 }, pgproxy.Every, pgproxy.Fault{})
			store, err := sweep.open(t.Context(), proxy, shape, &sent)
			if err != nil {
				t.Fatal(err)
			}
			futures, _ := sweep.submit(t.Context(), store, shape)
			for _, f := range futures {
				if _, err := f.Wait(t.Context()); err != nil {
					t.Error(err)
				}
			}
			if err := store.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if n := ends.Count(); n != copies[shape.Name] {
				t.Errorf("%d COPYs", n)
			}
			if n := behind.Count(); n > 0 != (shape.Batches > 1) {
				t.Errorf("%d messages with a commit behind another", n)
			}
		})
	}
}
