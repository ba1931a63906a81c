package main

import (
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
)

// axis of a chart. The horizontal one has its marks where something was measured. The vertical one is logarithmic, with marks at round
// numbers.
type axis struct {
	label  string
	unit   string // stands behind the numbers
	linear bool   // the horizontal one is
}

func (a *axis) applyX(to *plot.Axis, values []float64) {
	values = slices.Compact(slices.Sorted(slices.Values(values)))
	a.apply(to, values, func(float64) bool { return true })
}

func (a *axis) applyY(to *plot.Axis, values []float64) {
	values = roundNumbers(slices.Min(values), slices.Max(values))
	wide := values[len(values)-1] >= 500*values[0]
	a.apply(to, values, func(value float64) bool { return !wide || isPowerOfTen(value) })
	to.Width, to.Tick.Length = 0, 0 // the grid is enough
}

// apply makes an axis from the first to the last of the values, with marks at some.
func (a *axis) apply(to *plot.Axis, values []float64, marked func(float64) bool) {
	to.Min, to.Max = values[0], values[len(values)-1]
	if !a.linear {
		to.Scale = plot.LogScale{}
	}
	to.Tick.Marker = a.marks(slices.DeleteFunc(values, func(value float64) bool { return !marked(value) }))
	to.Padding = 7
	to.Color, to.Tick.Color, to.Tick.Length = faded, faded, 4
	to.Tick.Label = aligned(textStyle(11, ink), to.Tick.Label)
	to.Label.Text, to.Label.Padding = a.label, 4
	to.Label.TextStyle = aligned(textStyle(11, ink), to.Label.TextStyle)
}

func (a *axis) marks(values []float64) (marks plot.ConstantTicks) {
	for _, value := range values {
		label := number(value)
		if value != 0 {
			label += a.unit
		}
		marks = append(marks, plot.Tick{Value: value, Label: label})
	}
	return marks
}

func aligned(style, like text.Style) text.Style {
	style.XAlign, style.YAlign = like.XAlign, like.YAlign
	return style
}

// roundNumbers are one, two and five times the powers of ten, from the last that is not above the range to the first that is not below,
// and two at least.
func roundNumbers(from, to float64) (numbers []float64) {
	for power := math.Floor(math.Log10(from)); ; power++ {
		for _, step := range []float64{1, 2, 5} {
			n := step * math.Pow(10, power)
			if n <= from {
				numbers = nil
			}
			numbers = append(numbers, n)
			if n >= to && len(numbers) > 1 {
				return numbers
			}
		}
	}
}

func isPowerOfTen(n float64) bool {
	power := math.Log10(n)
	return math.Abs(power-math.Round(power)) < 1e-9
}
