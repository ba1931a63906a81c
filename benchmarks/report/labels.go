package main

import (
	"cmp"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// labels are the names of a chart's lines, to the right of the plot: each beside the end of its line, or as near as the others allow.
type labels []label

type label struct {
	text  string
	style text.Style
	end   plotter.XY // of the line
}

func (c *chart) labels() (all labels) {
	for _, l := range c.lines {
		all = append(all, label{l.label(c.y.unit), l.labelStyle(), l.end()})
	}
	return all
}

// label is the name of a line with its last value.
func (l *line) label(unit string) string { return l.name + ": " + number(l.end().Y) + unit }

func (l *line) labelStyle() text.Style {
	style := textStyle(11, l.color)
	style.YAlign = text.YCenter
	if l.bold {
		return bold(style)
	}
	return style
}

func (l *line) end() plotter.XY { return l.points[len(l.points)-1] }

const (
	labelGap     = 18 // between the plot and its labels
	labelSpacing = 3  // between one label and the next
)

// width is what they take of the chart's.
func (all labels) width() vg.Length {
	widest := vg.Length(0)
	for _, label := range all {
		widest = max(widest, label.style.Width(label.text))
	}
	return labelGap + widest
}

// Plot draws them beside the canvas that the lines are on, each joined to its line.
func (all labels) Plot(canvas draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&canvas)
	places := make([]place, len(all))
	for i, label := range all {
		places[i] = place{label.style.Height(label.text), y(label.end.Y), i}
	}
	spread(places)
	left := canvas.Max.X + labelGap
	for _, place := range places {
		label := all[place.of]
		leader := draw.LineStyle{Color: label.style.Color, Width: 0.6}
		canvas.StrokeLine2(leader, x(label.end.X)+5, y(label.end.Y), left-3, place.middle)
		canvas.FillText(label.style, vg.Point{X: left, Y: place.middle + label.style.FontExtents().Descent}, label.text)
	}
}

// place is where a label stands, vertically.
type place struct {
	height, middle vg.Length
	of             int // the index of the label
}

// spread sorts places from the bottom to the top and moves them until none is over another.
func spread(places []place) {
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.middle, b.middle) })
	for moved := true; moved; {
		moved = false
		for i := range places[1:] {
			below, above := &places[i], &places[i+1]
			overlap := (below.height+above.height)/2 + labelSpacing - (above.middle - below.middle)
			if overlap > 0.01 {
				below.middle -= overlap / 2
				above.middle += overlap / 2
				moved = true
			}
		}
	}
}
