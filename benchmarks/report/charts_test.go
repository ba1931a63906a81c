package main

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot/plotter"
)

// chartOf the saved run.
func chartOf(t *testing.T, name string) *chart {
	t.Helper()
	all := charts(saved(t))
	return all[slices.IndexFunc(all, func(c *chart) bool { return c.name == name })]
}

func TestChartData(t *testing.T) {
	for _, test := range []struct {
		chart, line string
		want        plotter.XYs
	}{
		{"throughput", "group commit", plotter.XYs{{X: 1, Y: 3300}, {X: 10, Y: 18_600}, {X: 100, Y: 49_400}, {X: 1000, Y: 74_100}, {X: 4000, Y: 83_712}}},
		{"throughput", "EventCore's report,\none client", plotter.XYs{{X: 1, Y: eventCore}, {X: 4000, Y: eventCore}}},
		{"batchsize", "raw COPY of\nthe same rows", plotter.XYs{{X: 1, Y: 131_000}, {X: 5000, Y: 131_000}}},
		{"roundtrip", "group commit,\n100 clients", plotter.XYs{{X: 0, Y: 49_000}, {X: 1, Y: 38_000}, {X: 5, Y: 14_000}}},
		{"workloads", "orders", plotter.XYs{{X: 1, Y: 1100}, {X: 10, Y: 1250}, {X: 100, Y: 1200}}},
	} {
		c := chartOf(t, test.chart)
		i := slices.IndexFunc(c.lines, func(l line) bool { return l.name == test.line })
		if i < 0 {
			t.Errorf("%s has no line %q", test.chart, test.line)
		} else if got := c.lines[i].points; !slices.Equal(got, test.want) {
			t.Errorf("%s, %q: %v, want %v", test.chart, test.line, got, test.want)
		}
	}
}

func TestChartsOfLittle(t *testing.T) {
	r, err := parseRun([]byte("BenchmarkBaseline/clients=1 1 5 commands/s\nBenchmarkBaseline/clients=9 1 8 commands/s 0 p50-ms\nok  \tx\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range charts(r) {
		if got, want := c.complete(), c.name == "throughput"; got != want {
			t.Errorf("%s: complete %t, want %t", c.name, got, want)
		}
	}
}

func TestSVG(t *testing.T) {
	for _, c := range charts(saved(t)) {
		t.Run(c.name, func(t *testing.T) {
			written := texts(t, c.svg())
			for _, want := range append(c.words(), c.title, "Example CPU @ 3.00GHz, 2 cores, PostgreSQL 15.14, a throw-away server on the same machine") {
				if !slices.Contains(written, want) {
					t.Errorf("%q is not in %q", want, written)
				}
			}
			if strings.Contains(string(c.svg()), "font-family:Liberation") {
				t.Error("a font stands alone")
			}
		})
	}
}

// words are the lines of the labels.
func (c *chart) words() (words []string) {
	for _, label := range c.labels() {
		words = append(words, strings.Split(label.text, "\n")...)
	}
	return words
}

// texts are all that an SVG has.
func texts(t *testing.T, svg []byte) (texts []string) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(string(svg)))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return texts
		}
		if err != nil {
			t.Fatal(err)
		}
		if data, is := token.(xml.CharData); is {
			texts = append(texts, string(data))
		}
	}
}
