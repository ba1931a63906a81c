package stats

import (
	"slices"
	"time"
)

// Meter sorts values into the buckets of a histogram. It is made for many values in one go, most of them near the one before. It may
// not be used by two goroutines at a time.
type Meter struct {
	scale  *scale
	counts []uint64
	sum    int64
	last   int // bucket of the value before
}

// scale is what the meters of one kind of values share.
type scale struct {
	steps  []int64   // inclusive upper bounds in the meter's unit
	bounds []float64 // the same in the histogram's
	per    float64   // so many of the meter's unit are one of the histogram's
}

func newScale(per float64, steps ...int64) *scale {
	s := &scale{steps: steps, per: per}
	for _, step := range steps {
		s.bounds = append(s.bounds, float64(step)/per)
	}
	return s
}

// decades gives the round numbers of so many powers of ten, the first of them from.
func decades(from int64, powers int) (steps []int64) {
	for range powers {
		for _, tenths := range []int64{10, 15, 20, 30, 50, 70} {
			steps = append(steps, from*tenths/10)
		}
		from *= 10
	}
	return append(steps, from)
}

// beyond ten seconds are outages: Config.RetryFor and timeouts are among these, and a batch is answered when they are over.
var beyond = []int64{int64(15 * time.Second), int64(20 * time.Second), int64(30 * time.Second), int64(45 * time.Second), int64(time.Minute)}

// The kinds of values. Their buckets are narrow enough to tell P99 from its target, and few enough for a server that stores each as a series.
var (
	durations = newScale(1e9, append(decades(int64(100*time.Microsecond), 5), beyond...)...)
	amounts   = newScale(1, doubling(1, 17)...)
	sizes     = newScale(1, doubling(256, 20)...)
)

func doubling(from int64, steps int) (powers []int64) {
	for range steps {
		powers = append(powers, from)
		from *= 2
	}
	return powers
}

// NewDurations makes a meter of nanoseconds for a histogram of seconds.
func NewDurations() *Meter { return newMeter(durations) }

// NewAmounts makes a meter of things that are counted, up to some ten thousands.
func NewAmounts() *Meter { return newMeter(amounts) }

// NewSizes makes a meter of bytes.
func NewSizes() *Meter { return newMeter(sizes) }

func newMeter(s *scale) *Meter { return &Meter{scale: s, counts: make([]uint64, len(s.steps)+1)} }

// Observe adds a value.
func (m *Meter) Observe(value int64) {
	if !m.holds(m.last, value) {
		m.last, _ = slices.BinarySearch(m.scale.steps, value)
	}
	m.counts[m.last]++
	m.sum += value
}

// holds tells whether a value belongs into a bucket.
func (m *Meter) holds(bucket int, value int64) bool {
	steps := m.scale.steps
	return (bucket == len(steps) || value <= steps[bucket]) && (bucket == 0 || value > steps[bucket-1])
}

// Histogram is a copy of what was observed so far.
func (m *Meter) Histogram() Histogram {
	return Histogram{Bounds: m.scale.bounds, Counts: slices.Clone(m.counts), Sum: float64(m.sum) / m.scale.per}
}
