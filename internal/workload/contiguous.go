package workload

import (
	"fmt"

	"github.com/groupcommit/groupcommit"
)

// contiguous holds when the positions of the log, and the versions of each stream, are 1, 2, 3, ...
type contiguous struct {
	position int64
	versions map[string]int64
}

// Contiguous is the invariant that no position and no version is missing, repeated or out of order.
func Contiguous() Invariant { return &contiguous{versions: map[string]int64{}} }

func (c *contiguous) String() string { return "positions and versions are contiguous" }

func (c *contiguous) See(e *groupcommit.RecordedEvent) error {
	c.position++
	if e.Position != c.position {
		return fmt.Errorf("position %d stands where %d belongs", e.Position, c.position)
	}
	c.versions[e.Stream]++
	if want := c.versions[e.Stream]; e.Version != want {
		return fmt.Errorf("position %d: version %d of %s stands where %d belongs", e.Position, e.Version, e.Stream, want)
	}
	return nil
}

func (c *contiguous) End() error { return nil }
