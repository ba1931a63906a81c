package main

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func deal(seed uint64, ask int) (names []string) {
	d := newDeck(faults, rand.New(rand.NewPCG(seed, 0)))
	for range 3 * len(faults) {
		f, random := d.deal()
		for range ask {
			random.Uint64()
		}
		names = append(names, f.name)
	}
	return names
}

func TestFaultsFollowFromTheSeed(t *testing.T) {
	first := deal(1, 0)
	if !slices.Equal(first, deal(1, 3)) {
		t.Error("what a fault makes of its randomness changes what follows")
	}
	if slices.Equal(first, deal(2, 0)) {
		t.Error("two seeds are the same")
	}
	n := len(faults)
	if slices.Equal(first[:n], first[n:2*n]) {
		t.Error("the order is always the same")
	}
	for pass := range slices.Chunk(first, n) {
		if kinds := slices.Compact(slices.Sorted(slices.Values(pass))); len(kinds) != n {
			t.Errorf("%d kinds of %d, or a name is there twice", len(kinds), n)
		}
	}
}
