package main

import (
	"bytes"
	"image/color"
	"slices"
	"strings"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// chart is a plot of lines, each of which is named at its end.
type chart struct {
	name     string // of the file
	title    string
	subtitle string
	caption  string
	x, y     axis
	lines    []line // in front are the first
}

// line joins its points, of which there is at least one.
type line struct {
	name   string
	points plotter.XYs
	color  color.Color
	dashes []vg.Length
	bold   bool // its name
	faint  bool // it is there for comparison, and nothing was measured at its points
}

// alt tells in words what the chart shows.
func (c *chart) alt() string {
	var ends []string
	for _, label := range c.labels() {
		ends = append(ends, strings.ReplaceAll(label.text, "\n", " "))
	}
	return c.title + ". At the right end, " + strings.Join(ends, "; ")
}

func (c *chart) path() string { return "plots/" + c.name + ".svg" }

// complete tells whether there is a line to draw.
func (c *chart) complete() bool {
	return slices.ContainsFunc(c.lines, func(l line) bool { return l.points[0].X < l.end().X })
}

// The layout, in points.
const (
	chartWidth  = 640
	chartHeight = 380
	margin      = 16
)

var (
	ink   = color.Gray{0x24}
	faded = color.Gray{0x6a}
	rule  = color.Gray{0xe2}
)

// svg draws the chart on white, to be read on a page of any colour.
func (c *chart) svg() []byte {
	svg := vgsvg.New(chartWidth, chartHeight)
	canvas := draw.New(svg)
	canvas.SetColor(color.White)
	canvas.Fill(canvas.Path())
	inner := draw.Crop(canvas, margin, -margin, margin, -margin)
	inner.FillText(bold(textStyle(15, ink)), vg.Point{X: inner.Min.X, Y: inner.Max.Y}, c.title)
	inner.FillText(textStyle(11, faded), vg.Point{X: inner.Min.X, Y: inner.Max.Y - 20}, c.subtitle+"; "+c.scales())
	inner.FillText(textStyle(9, faded), vg.Point{X: inner.Min.X, Y: inner.Min.Y + 8}, c.caption)

	c.plot().Draw(draw.Crop(inner, 0, -c.labels().width(), 18, -48))
	var out bytes.Buffer
	_, _ = svg.WriteTo(&out) // a buffer takes everything
	return bytes.ReplaceAll(out.Bytes(), []byte("font-family:Liberation Sans;"), []byte(fontFamily))
}

func (c *chart) scales() string {
	if c.x.linear {
		return "the vertical scale is logarithmic"
	}
	return "both scales are logarithmic"
}

// fontFamily names fonts of the same measures, one of which every viewer has.
const fontFamily = "font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"

func (c *chart) plot() *plot.Plot {
	p := plot.New()
	var xs, ys []float64
	for _, l := range c.lines {
		for _, at := range l.points {
			xs, ys = append(xs, at.X), append(ys, at.Y)
		}
	}
	c.x.applyX(&p.X, xs)
	c.y.applyY(&p.Y, ys)
	p.Add(&plotter.Grid{Horizontal: draw.LineStyle{Color: rule, Width: 0.8}})
	for _, l := range slices.Backward(c.lines) {
		l.addTo(p)
	}
	p.Add(c.labels())
	return p
}

func (l *line) addTo(p *plot.Plot) {
	p.Add(&plotter.Line{XYs: l.points, LineStyle: l.style()})
	if !l.faint {
		p.Add(&plotter.Scatter{XYs: l.points, GlyphStyle: draw.GlyphStyle{Color: l.color, Radius: 3, Shape: draw.CircleGlyph{}}})
	}
}

func (l *line) style() draw.LineStyle {
	width := vg.Length(2)
	if l.faint {
		width = 1
	}
	return draw.LineStyle{Color: l.color, Width: width, Dashes: l.dashes}
}

func textStyle(size font.Length, c color.Color) text.Style {
	return text.Style{
		Color:   c,
		Font:    font.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
		YAlign:  text.YTop,
		Handler: plot.DefaultTextHandler,
	}
}

func bold(style text.Style) text.Style {
	style.Font.Weight = xfont.WeightBold
	return style
}
