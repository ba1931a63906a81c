package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/groupcommit/groupcommit/internal/workload"
)

func TestGrowth(t *testing.T) {
	for _, test := range []struct {
		name       string
		samples    int
		heap       func(i int) int64 // in MB
		goroutines func(i int) int
		want       string // what has grown
	}{
		{"nothing", 10, always[int64](50), always(7), ""},
		{"a little, as heaps do", 10, func(i int) int64 { return 50 + int64(i) }, always(7), ""},
		{"a leak", 10, func(i int) int64 { return 50 + 10*int64(i) }, always(7), "the live heap has grown from 70.0 to 130.0 MB"},
		{"a slow leak, for long", 600, func(i int) int64 { return 50 + int64(i)/5 }, always(7), "the live heap has grown from 80.0 to 152.0 MB"},
		{"while caches fill", 10, func(i int) int64 { return 50 * min(int64(i), 1) }, always(7), ""},
		{"now and then", 10, func(i int) int64 { return 50 + 500*int64(i%2) }, always(7), ""},
		{"once, at the end", 10, func(i int) int64 { return 50 + 500*int64(i/9) }, always(7), ""},
		{"less and less", 10, func(i int) int64 { return 500 - 50*int64(i) }, func(i int) int { return 100 - i }, ""},
		{"some goroutines", 10, always[int64](50), func(i int) int { return 7 + i }, ""},
		{"goroutines", 10, always[int64](50), func(i int) int { return 7 + 2*i }, "there were 11 goroutines and are 23"},
		{"too early to tell", 3, func(i int) int64 { return 50 << i }, func(i int) int { return 7 << i }, ""},
		{"early", 4, func(i int) int64 { return 50 << i }, always(7), "the live heap has grown from 100.0 to 400.0 MB"},
		{"no sample", 0, always[int64](50), always(7), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			samples := make([]sample, test.samples)
			for i := range samples {
				samples[i] = sample{heap: test.heap(i) * 1e6, goroutines: test.goroutines(i)}
			}
			if got := strings.Join(growth(samples), "; "); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func always[T any](value T) func(int) T { return func(int) T { return value } }

func TestFailures(t *testing.T) {
	fine := sample{result: workload.Result{Commands: 10, Conflicts: 3}}
	if got := failures([]sample{fine, fine}); len(got) > 0 {
		t.Errorf("%q", got)
	}
	failed := sample{result: workload.Result{Commands: 10, Errors: 2, Err: errors.New("no room")}}
	refused := sample{result: workload.Result{Commands: 10, Refusals: 1}}
	got := failures([]sample{fine, failed, refused})
	if len(got) != 2 || !strings.Contains(got[0], "2 commands failed, one of them with: no room") || !strings.Contains(got[1], "1 commands were refused") {
		t.Errorf("%q", got)
	}
}
