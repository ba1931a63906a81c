package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// terminal is where people look. What is to stay goes to out; on a terminal there is a progress bar beside it, which does not.
type terminal struct {
	out   io.Writer
	bar   io.Writer // nil: no bar
	style style
}

// standardTerminal is stdout, and stderr for the bar where both are a terminal.
func standardTerminal(c *config) *terminal {
	t := &terminal{out: os.Stdout}
	if c.Term == "dumb" || !term.IsTerminal(int(os.Stdout.Fd())) {
		return t
	}
	t.style.on = c.NoColor == ""
	if term.IsTerminal(int(os.Stderr.Fd())) {
		t.bar = os.Stderr
	}
	return t
}

func (t *terminal) logf(format string, args ...any) { t.printf(format+"\n", args...) }

// printf writes what it can: a report that nobody reads any more is no reason to stop half-way.
func (t *terminal) printf(format string, args ...any) { _, _ = fmt.Fprintf(t.out, format, args...) }

// style marks text on a terminal that can show it.
type style struct{ on bool }

func (s style) bold(text string) string  { return s.mark("1", text) }
func (s style) dim(text string) string   { return s.mark("2", text) }
func (s style) red(text string) string   { return s.mark("31", text) }
func (s style) green(text string) string { return s.mark("32", text) }

func (s style) mark(code, text string) string {
	if !s.on {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
