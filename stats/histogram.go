package stats

import "slices"

// Histogram is how values are distributed over buckets. The zero Histogram is empty.
type Histogram struct {
	Bounds []float64 // inclusive upper bounds of the buckets, ascending; shared, and not to be changed
	Counts []uint64  // values in each bucket alone, and in the last those beyond the last bound
	Sum    float64   // of all values
}

// Count is how many values there are.
func (h *Histogram) Count() (n uint64) {
	for _, c := range h.Counts {
		n += c
	}
	return n
}

// Quantile is about the value below which this part of all values lies, 0 to 1: interpolated in its bucket, and so wrong by no more than
// the bucket is wide. Beyond the last bound it is that bound. It is 0 when there is no value.
func (h *Histogram) Quantile(part float64) float64 {
	rank := part * float64(h.Count())
	below, lower := 0.0, 0.0
	for i, upper := range h.Bounds {
		n := float64(h.Counts[i])
		if n > 0 && below+n >= rank {
			return lower + (upper-lower)*max(rank-below, 0)/n
		}
		below, lower = below+n, upper
	}
	if h.Count() == 0 {
		return 0
	}
	return lower
}

// Minus is what was added since an earlier state of the same histogram.
func (h *Histogram) Minus(earlier *Histogram) Histogram {
	d := Histogram{Bounds: h.Bounds, Counts: slices.Clone(h.Counts), Sum: h.Sum - earlier.Sum}
	for i, n := range earlier.Counts {
		d.Counts[i] -= n
	}
	return d
}
