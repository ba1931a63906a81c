package main

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// column is the head of a column of a table.
type column struct {
	name    string
	numbers bool // are aligned to the right
}

// writeTable writes a table in Markdown.
func writeTable(out *bytes.Buffer, columns []column, rows [][]string) {
	var names, rules []string
	for _, c := range columns {
		names = append(names, c.name)
		if c.numbers {
			rules = append(rules, "---:")
		} else {
			rules = append(rules, "---")
		}
	}
	for _, cells := range append([][]string{names, rules}, rows...) {
		out.WriteString("|")
		for _, cell := range cells {
			out.WriteString(" " + strings.ReplaceAll(cell, "|", `\|`) + " |")
		}
		out.WriteString("\n")
	}
}

// header is a column for each axis, then for each unit.
func (b *benchmark) header() (columns []column) {
	for _, axis := range b.shownAxes() {
		columns = append(columns, column{axis, b.numeric(axis)})
	}
	for _, unit := range b.shownUnits() {
		columns = append(columns, column{unit, true})
	}
	return columns
}

// rows fit the header.
func (b *benchmark) rows() (rows [][]string) {
	for _, r := range b.results {
		var row []string
		for _, axis := range b.shownAxes() {
			row = append(row, readable(r.axes[axis]))
		}
		for _, unit := range b.shownUnits() {
			cell := ""
			if value, has := r.value(unit); has {
				cell = number(value)
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	return rows
}

// shownAxes leaves out the number of cores where it is the same everywhere, as it mostly is.
func (b *benchmark) shownAxes() []string {
	cores := b.results[0].axes[coresAxis]
	varies := slices.ContainsFunc(b.results, func(r *result) bool { return r.axes[coresAxis] != cores })
	return slices.DeleteFunc(slices.Clone(b.axes), func(axis string) bool { return axis == coresAxis && !varies })
}

// shownUnits puts last what go test reports by itself. A benchmark that leaves out the time of an operation has no operation of which
// anything is to be read.
func (b *benchmark) shownUnits() []string {
	rank := func(unit string) int { return slices.Index([]string{"ns/op", "B/op", "allocs/op"}, unit) }
	units := slices.SortedStableFunc(slices.Values(b.units), func(x, y string) int { return rank(x) - rank(y) })
	if slices.Contains(units, "ns/op") {
		return units
	}
	return slices.DeleteFunc(units, func(unit string) bool { return rank(unit) >= 0 })
}

// numeric tells whether the axis has numbers for values.
func (b *benchmark) numeric(axis string) bool {
	return !slices.ContainsFunc(b.results, func(r *result) bool {
		_, err := strconv.ParseFloat(r.axes[axis], 64)
		return err != nil
	})
}

// readable is the value of an axis, which is exact.
func readable(value string) string {
	if _, err := strconv.Atoi(value); err != nil {
		return value
	}
	return commas(value)
}
