package pgproxy

import "time"

// Fault is what happens to a frame, or at it, when all that came before has been delivered. The zero Fault is none: its trap only counts.
type Fault struct {
	befall func(t *Trap, f *flow, length int) error
}

// The faults that need no more to be said.
var (
	Hold = Fault{hold(0)} // keep it, and all behind it, until Release
	Drop = Fault{drop}    // let it never arrive
)

// Delay keeps a frame, and all behind it, for so long, or until Release.
func Delay(d time.Duration) Fault { return Fault{hold(d)} }

// Cut ends the connection at a point of a frame.
func Cut(at Point, ending Ending) Fault {
	return Fault{func(t *Trap, f *flow, length int) error {
		err := f.pass(at.passes(length))
		f.flush()
		f.conn.Cut(ending)
		t.hit()
		return err
	}}
}

// hold keeps a frame for so long; 0: for ever.
func hold(d time.Duration) func(*Trap, *flow, int) error {
	return func(t *Trap, f *flow, length int) error {
		f.flush()
		t.hit()
		var over <-chan time.Time
		if d > 0 {
			over = time.After(d)
		}
		select {
		case <-over:
		case <-t.released:
		case <-f.conn.cut:
		}
		return f.pass(length)
	}
}

func drop(t *Trap, f *flow, length int) error {
	f.flush()
	_, err := f.in.Discard(length)
	t.hit()
	return err
}

// Point is a place in a frame.
type Point int

// The points. What comes before the point arrives.
const (
	Before Point = iota + 1
	Within       // half of the frame arrives
	After
)

func (p Point) String() string {
	return [...]string{Before: "before", Within: "within", After: "after"}[p]
}

// passes is how many bytes of a frame come before the point.
func (p Point) passes(length int) int {
	switch p {
	case Within:
		return length / 2
	case After:
		return length
	default:
		return 0
	}
}
