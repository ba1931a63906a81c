package main

import (
	"context"
	"math/rand/v2"
	"time"
)

// processFaults befall a writer itself.
var processFaults = []fault{
	{"writer killed, another takes its place", killWriter},
	{"writer stopped for seconds", stopWriter},
	{"store closed under load, opened again", reopen},
}

func killWriter(_ context.Context, d *director, random *rand.Rand) error {
	m := d.someMember(random)
	d.recovery.gone(m.slot)
	if err := m.kill(); err != nil {
		return err
	}
	return m.start(m.succession())
}

func stopWriter(ctx context.Context, d *director, random *rand.Rand) error {
	m := d.someMember(random)
	d.recovery.gone(m.slot)
	m.still(ctx, between(random, 500*time.Millisecond, 4*time.Second))
	return nil
}

func reopen(_ context.Context, d *director, random *rand.Rand) error {
	return d.someMember(random).process.Send(instruction{Reopen: true})
}
