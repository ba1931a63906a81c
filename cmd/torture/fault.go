package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"
)

// fault is a kind of what can go wrong. It happens, and is over, while inject runs.
type fault struct {
	name   string
	inject func(ctx context.Context, d *director, random *rand.Rand) error
}

// errMissed says that nothing was there for a fault to befall.
var errMissed = errors.New("the fault has befallen nothing")

// faults are all kinds.
var faults = slices.Concat(networkFaults, commitFaults, sessionFaults, settingFaults, serverFaults, processFaults, diskFaults)

// deck deals faults: each kind once, in an order that the seed decides, and then all again.
type deck struct {
	kinds  []fault
	random *rand.Rand
	left   []fault
}

func newDeck(kinds []fault, random *rand.Rand) *deck { return &deck{kinds: kinds, random: random} }

// deal gives the next fault, and a source of its own for what is random in it: how often that is asked makes no difference to what follows.
func (d *deck) deal() (fault, *rand.Rand) {
	if len(d.left) == 0 {
		d.left = slices.Clone(d.kinds)
		d.random.Shuffle(len(d.left), func(i, j int) { d.left[i], d.left[j] = d.left[j], d.left[i] })
	}
	next := d.left[0]
	d.left = d.left[1:]
	return next, rand.New(rand.NewPCG(d.random.Uint64(), d.random.Uint64()))
}

// between is a time from one to another.
func between(random *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(random.Int64N(int64(most-least)+1))
}
