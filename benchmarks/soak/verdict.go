package main

import (
	"fmt"
	"slices"
)

// failures tells which commands came to nothing. A refusal is one of them, because there was plenty of everything.
func failures(samples []sample) (failed []string) {
	for i := range samples {
		r := &samples[i].result
		if r.Errors > 0 {
			failed = append(failed, fmt.Sprintf("%d commands failed, one of them with: %v", r.Errors, r.Err))
		}
		if r.Refusals > 0 {
			failed = append(failed, fmt.Sprintf("%d commands were refused by a business rule that had no reason to", r.Refusals))
		}
	}
	return failed
}

// Growth that is allowed from early to late. What goes up and down is no leak; a leak goes on, and shows in a run that is long enough.
const (
	heapFactor     = 1.25
	heapSlack      = 16e6
	goroutineSlack = 10
)

// growth tells what has grown without bound, where there are samples enough to tell.
func growth(samples []sample) (grown []string) {
	early, late := trend(samples, func(s *sample) int64 { return s.heap })
	if float64(late) > heapFactor*float64(early)+heapSlack {
		grown = append(grown, fmt.Sprintf("the live heap has grown from %s to %s MB", megabytes(early), megabytes(late)))
	}
	early, late = trend(samples, func(s *sample) int64 { return int64(s.goroutines) })
	if late > early+goroutineSlack {
		grown = append(grown, fmt.Sprintf("there were %d goroutines and are %d", early, late))
	}
	return grown
}

// steady is the samples that count: not the first tenth, in which caches fill.
func steady(samples []sample) []sample { return samples[(len(samples)+9)/10:] }

// enough tells whether there are samples enough to see growth.
func enough(samples []sample) bool { return len(steady(samples)) >= 3 }

// trend is the median of the first third of the samples and that of the last, both zero where there are not enough.
func trend(samples []sample, of func(*sample) int64) (early, late int64) {
	if !enough(samples) {
		return 0, 0
	}
	samples = steady(samples)
	third := len(samples) / 3
	return median(samples[:third], of), median(samples[len(samples)-third:], of)
}

func median(samples []sample, of func(*sample) int64) int64 {
	values := make([]int64, len(samples))
	for i := range samples {
		values[i] = of(&samples[i])
	}
	slices.Sort(values)
	return values[len(values)/2]
}
