package main

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot"
)

func TestRoundNumbers(t *testing.T) {
	for _, test := range []struct {
		from, to float64
		want     []float64
	}{
		{3, 40, []float64{2, 5, 10, 20, 50}},
		{86, 1000, []float64{50, 100, 200, 500, 1000}},
		{0.29, 1.7, []float64{0.2, 0.5, 1, 2}},
		{10, 10, []float64{10, 20}},
	} {
		near := func(a, b float64) bool { return math.Abs(a-b) < 1e-9 }
		if got := roundNumbers(test.from, test.to); !slices.EqualFunc(got, test.want, near) {
			t.Errorf("from %v to %v: %v, want %v", test.from, test.to, got, test.want)
		}
	}
}

func TestMarks(t *testing.T) {
	for _, test := range []struct {
		name   string
		apply  func(*plot.Axis, []float64)
		values []float64
		want   string
	}{
		{"where something was measured", (&axis{}).applyX, []float64{4000, 1, 10, 1000, 100, 1}, "1|10|100|1,000|4,000"},
		{"with a unit", (&axis{linear: true, unit: " ms"}).applyX, []float64{0, 1, 5}, "0|1 ms|5 ms"},
		{"a wide range", (&axis{}).applyY, []float64{86, 83_712}, "100|1,000|10,000|100,000"},
		{"a narrow range", (&axis{unit: " ms"}).applyY, []float64{0.3, 4}, "0.2 ms|0.5 ms|1 ms|2 ms|5 ms"},
	} {
		t.Run(test.name, func(t *testing.T) {
			to := &plot.New().X
			test.apply(to, test.values)
			var marks []string
			for _, mark := range to.Tick.Marker.Ticks(to.Min, to.Max) {
				marks = append(marks, mark.Label)
			}
			if got := strings.Join(marks, "|"); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			if to.Min > slices.Min(test.values) || to.Max < slices.Max(test.values) {
				t.Errorf("from %v to %v", to.Min, to.Max)
			}
		})
	}
}
