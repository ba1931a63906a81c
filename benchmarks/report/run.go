package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// run is what a saved run says.
type run struct {
	facts      facts
	benchmarks []*benchmark // in the order in which they ran
}

// benchmark is a top-level benchmark.
type benchmark struct {
	name    string // without "Benchmark"
	axes    []string
	units   []string
	results []*result
}

// result is that of one sub-benchmark, or of a benchmark without any.
type result struct {
	name   string
	axes   map[string]string
	values map[string][]float64 // by unit, one of each time that it ran
}

func readRun(path string) (*run, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r, err := parseRun(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// parseRun refuses a run that failed or has not come to its end: a report of it would pass for one of all.
func parseRun(data []byte) (*run, error) {
	r := &run{}
	ended := false
	for line := range strings.Lines(string(data)) {
		if fact, is := parseFact(strings.TrimSpace(line)); is {
			r.facts = append(r.facts, fact)
		}
		if strings.HasPrefix(line, "FAIL") {
			return nil, errors.New("the benchmarks failed")
		}
		ended = ended || strings.HasPrefix(line, "ok  \t")
	}
	if !ended {
		return nil, errors.New("the benchmarks have not come to their end")
	}
	return r, r.parseResults(data)
}

func (r *run) parseResults(data []byte) error {
	reader := benchfmt.NewReader(bytes.NewReader(data), "")
	for reader.Scan() {
		switch record := reader.Result().(type) {
		case *benchfmt.Result:
			r.add(record)
		case *benchfmt.SyntaxError:
			return fmt.Errorf("line %d: %s", record.Line, record.Msg)
		}
	}
	if len(r.benchmarks) == 0 {
		return errors.New("no benchmark has run")
	}
	return reader.Err()
}

func (r *run) add(record *benchfmt.Result) {
	base, parts := record.Name.Parts()
	b := r.benchmark(string(base))
	if len(b.results) == 0 {
		r.benchmarks = append(r.benchmarks, b)
	}
	b.add(string(record.Name), parts, record.Values)
}

// benchmark is the one of that name, without results when it has not run.
func (r *run) benchmark(name string) *benchmark {
	i := slices.IndexFunc(r.benchmarks, func(b *benchmark) bool { return b.name == name })
	if i < 0 {
		return &benchmark{name: name}
	}
	return r.benchmarks[i]
}

func (b *benchmark) add(name string, parts [][]byte, values []benchfmt.Value) {
	i := slices.IndexFunc(b.results, func(have *result) bool { return have.name == name })
	if i < 0 {
		i = len(b.results)
		b.results = append(b.results, &result{name: name, axes: make(map[string]string), values: make(map[string][]float64)})
	}
	for _, part := range parts {
		axis, value := splitPart(string(part))
		b.axes = appendNew(b.axes, axis)
		b.results[i].axes[axis] = value
	}
	for _, v := range values {
		unit, value := v.Unit, v.Value
		if v.OrigUnit != "" {
			unit, value = v.OrigUnit, v.OrigValue // as the benchmark reported it
		}
		b.units = appendNew(b.units, unit)
		b.results[i].values[unit] = append(b.results[i].values[unit], value)
	}
}

// The axes that are not named in the name of a benchmark.
const (
	unnamedAxis = "case"
	coresAxis   = "GOMAXPROCS"
)

// splitPart takes apart "/clients=100", "/name" and "-2".
func splitPart(part string) (axis, value string) {
	if cores, is := strings.CutPrefix(part, "-"); is {
		return coresAxis, cores
	}
	part = strings.TrimPrefix(part, "/")
	if axis, value, named := strings.Cut(part, "="); named {
		return axis, value
	}
	return unnamedAxis, part
}

func appendNew(list []string, item string) []string {
	if slices.Contains(list, item) {
		return list
	}
	return append(list, item)
}

// value is the median over all times that it ran.
func (r *result) value(unit string) (float64, bool) {
	values := r.values[unit]
	if len(values) == 0 {
		return 0, false
	}
	return median(values), true
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
