package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

const diskFull = "disk full"

// diskFaults befall the disk, where there is one that may be full.
var diskFaults = []fault{{diskFull, fillDisk}}

func fillDisk(ctx context.Context, d *director, random *rand.Rand) (err error) {
	defer func() { err = errors.Join(err, d.stage.disk.free()) }()
	if err := d.stage.disk.fill(); err != nil {
		return errMissed // it has grown meanwhile
	}
	pause(ctx, between(random, 500*time.Millisecond, 2*time.Second))
	return nil
}
