package cutsweep

import (
	"fmt"

	"github.com/groupcommit/groupcommit/internal/pgproxy"
)

// Shape is how the commits go over the wire.
type Shape struct {
	Name    string
	Batches int // submitted at once, each a commit
	Events  int // of each
}

// Shapes are all of them. A few events are inserted, many are copied. The second commit of the last one is copied while the first is in flight.
var Shapes = []Shape{
	{"prepared inserts", 1, 2},
	{"copy", 1, 40},
	{"copy behind another", 2, 40},
}

// Cut is the fault of one run.
type Cut struct {
	Shape  Shape
	Side   pgproxy.Side
	Point  pgproxy.Point
	Ending pgproxy.Ending
	Gone   bool // the network stays away behind it, so that the first attempt is the last
	Number int  // of the message, from 1
}

func (c Cut) String() string {
	network := "network back"
	if c.Gone {
		network = "network gone"
	}
	return fmt.Sprintf("%s, %v %v of message %d of the %v, %s", c.Shape.Name, c.Ending, c.Point, c.Number, c.Side, network)
}

// Series are cuts that differ in nothing but their number: all that there are, without numbers.
func Series() (series []Cut) {
	for _, shape := range Shapes {
		for _, side := range []pgproxy.Side{pgproxy.Frontend, pgproxy.Backend} {
			for _, point := range []pgproxy.Point{pgproxy.Before, pgproxy.After} {
				for _, ending := range []pgproxy.Ending{pgproxy.FIN, pgproxy.RST, pgproxy.Blackhole} {
					for _, gone := range []bool{false, true} {
						series = append(series, Cut{Shape: shape, Side: side, Point: point, Ending: ending, Gone: gone})
					}
				}
			}
		}
	}
	return series
}
