package stats

import (
	"hash/maphash"
	"math"
	"math/bits"
	"time"
)

const (
	distinctParts = 6                // of the time that is looked back on; the oldest is forgotten whole
	distinctPart  = 10 * time.Second // each
	indexBits     = 11               // of a hash, for the register
	registers     = 1 << indexBits
)

// Distinct estimates how many different strings were added in the last minute, within a few percent and in 12 kB whatever their number: a
// HyperLogLog for each ten seconds, and their union. It may not be used by two goroutines at a time.
type Distinct struct {
	seed  maphash.Seed
	parts [distinctParts][registers]uint8 // of each register the longest run of zeros seen, and one
	part  int                             // the one that is filled
	began time.Time                       // that part
}

// NewDistinct begins now.
func NewDistinct(now time.Time) *Distinct { return &Distinct{seed: maphash.MakeSeed(), began: now} }

// Add notes a string, as of the last call of Turn.
func (d *Distinct) Add(s string) {
	hash := maphash.String(d.seed, s)
	rank := uint8(bits.LeadingZeros64(hash<<indexBits|1) + 1)
	if r := &d.parts[d.part][hash>>(64-indexBits)]; rank > *r {
		*r = rank
	}
}

// Turn forgets what was added more than a minute ago.
func (d *Distinct) Turn(now time.Time) {
	for n := 0; now.Sub(d.began) >= distinctPart; n++ {
		if n == distinctParts { // long silent
			d.began = now
			return
		}
		d.began = d.began.Add(distinctPart)
		d.part = (d.part + 1) % distinctParts
		d.parts[d.part] = [registers]uint8{}
	}
}

// Estimate is how many different strings there were.
func (d *Distinct) Estimate() int {
	sum, empty := 0.0, 0
	for i := range registers {
		longest := uint8(0)
		for p := range d.parts {
			longest = max(longest, d.parts[p][i])
		}
		sum += math.Ldexp(1, -int(longest))
		if longest == 0 {
			empty++
		}
	}
	const m = registers
	if estimate := 0.7213 / (1 + 1.079/m) * m * m / sum; empty == 0 || estimate > 2.5*m {
		return int(estimate + 0.5)
	}
	return int(m*math.Log(m/float64(empty)) + 0.5) // so few are better told by the registers that nobody has touched
}
