package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// saved is a small run of which everything is known.
func saved(t *testing.T) *run {
	t.Helper()
	r, err := readRun("testdata/REPORT.txt")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestParseRun(t *testing.T) {
	r := saved(t)
	var names []string
	for _, b := range r.benchmarks {
		names = append(names, b.name)
	}
	if got, want := strings.Join(names, " "), "Baseline BatchSize Ceiling Memory RoundTrip Submit Workload"; got != want {
		t.Errorf("benchmarks %s, want %s", got, want)
	}
	if got, want := r.facts.get("Processor"), "Example CPU @ 3.00GHz"; got != want {
		t.Errorf("processor %q, want %q", got, want)
	}
	b := r.benchmark("RoundTrip")
	if len(b.results) != 9 || !slices.Equal(b.axes, []string{"rtt", "clients", coresAxis}) {
		t.Errorf("%d results along %q", len(b.results), b.axes)
	}
	last := b.results[8].axes
	if last["rtt"] != "5ms" || last["clients"] != "4000" || last[coresAxis] != "2" {
		t.Errorf("%v", last)
	}
}

func TestValues(t *testing.T) {
	r := saved(t)
	for _, test := range []struct {
		benchmark, unit string
		want            float64
	}{
		{"Baseline", "commands/s", 3300}, // the median of two
		{"BatchSize", "ns/op", 285_000},
		{"Memory", "first-MB", 61.2}, // not in bytes
		{"Ceiling", "copy-events/s", 131_000},
	} {
		if got, has := r.benchmark(test.benchmark).results[0].value(test.unit); !has || got != test.want {
			t.Errorf("%s %s: %v, want %v", test.benchmark, test.unit, got, test.want)
		}
	}
	if got, has := r.benchmark("Ceiling").results[0].value("p50-ms"); has {
		t.Errorf("a value that nobody reported: %v", got)
	}
}

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{{[]float64{7}, 7}, {[]float64{9, 1}, 5}, {[]float64{3, 1, 100}, 3}} {
		if got := median(test.values); got != test.want {
			t.Errorf("of %v: %v, want %v", test.values, got, test.want)
		}
	}
}

func TestParseRunRefuses(t *testing.T) {
	data, err := os.ReadFile("testdata/REPORT.txt")
	if err != nil {
		t.Fatal(err)
	}
	whole := string(data)
	for name, test := range map[string]struct{ text, want string }{
		"cut short": {whole[:strings.Index(whole, "PASS\n")], "have not come to their end"},
		"failed":    {whole + "FAIL\nFAIL\tpackage\t1.2s\n", "failed"},
		"empty":     {"PASS\nok  \tpackage\t0.1s\n", "no benchmark"},
		"broken":    {strings.Replace(whole, " ns/op", " x ns/op", 1), "line"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parseRun([]byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want one with %q", err, test.want)
			}
		})
	}
}

func TestSplitPart(t *testing.T) {
	for part, want := range map[string][2]string{
		"/clients=100": {"clients", "100"},
		"/plain":       {unnamedAxis, "plain"},
		"-16":          {coresAxis, "16"},
	} {
		if axis, value := splitPart(part); axis != want[0] || value != want[1] {
			t.Errorf("%s: %s %s, want %s", part, axis, value, want)
		}
	}
}
