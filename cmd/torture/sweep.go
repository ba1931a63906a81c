package main

import (
	"context"
	"fmt"

	"github.com/groupcommit/groupcommit/internal/cutsweep"
)

const sweepSchema = "cuts"

// untrueCut is what must not be: a future that says other than the database, behind a cut of the sweep.
const untrueCut = "untrue verdicts of the cut sweep"

// sweep cuts a batch at every message of the protocol.
func (d *director) sweep(ctx context.Context) error {
	sweep, err := cutsweep.New(ctx, d.stage.server.URL(), sweepSchema)
	if err != nil {
		return fmt.Errorf("cut sweep: %w", err)
	}
	d.printf("cut sweep: every message of a batch, which takes minutes")
	cuts, untrue, err := sweep.Complete(ctx)
	switch {
	case ctx.Err() != nil:
		d.tally.notTested = append(d.tally.notTested, fmt.Sprintf("cuts at every message of a batch: interrupted after %d", cuts))
		return nil
	case err != nil:
		return fmt.Errorf("cut sweep, after %d cuts: %w", cuts, err)
	}
	d.tally.cuts = cuts
	d.tally.wrong(untrueCut, len(untrue), untrue...)
	d.printf("cut sweep complete: %d cuts", cuts)
	return nil
}
