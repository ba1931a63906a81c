package main

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"gonum.org/v1/plot/plotter"
)

// where asks for a value of an axis.
type where struct{ axis, value string }

// points are a metric along an axis, in its order.
func (b *benchmark) points(axis, unit string, conditions ...where) (points plotter.XYs) {
	for _, r := range b.results {
		x, isNumber := coordinate(r.axes[axis])
		y, has := r.value(unit)
		fits := !slices.ContainsFunc(conditions, func(c where) bool { return r.axes[c.axis] != c.value })
		if isNumber && has && fits && y > 0 { // what is not has no place on a logarithmic scale
			points = append(points, plotter.XY{X: x, Y: y})
		}
	}
	slices.SortFunc(points, func(a, b plotter.XY) int { return cmp.Compare(a.X, b.X) })
	return points
}

// coordinate is a number, or a duration in milliseconds.
func coordinate(value string) (float64, bool) {
	if x, err := strconv.ParseFloat(value, 64); err == nil {
		return x, true
	}
	d, err := time.ParseDuration(value)
	return d.Seconds() * 1000, err == nil
}

// axisValues are those of an axis, in the order in which they ran.
func (b *benchmark) axisValues(axis string) (values []string) {
	for _, r := range b.results {
		if value, has := r.axes[axis]; has {
			values = appendNew(values, value)
		}
	}
	return values
}
