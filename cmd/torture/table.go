package main

import (
	"fmt"
	"io"
	"time"

	"github.com/groupcommit/groupcommit"
)

// printer writes a table, as text or as Markdown.
type printer struct {
	out      io.Writer
	markdown bool
}

func (p *printer) head(title string) {
	if p.markdown {
		p.printf("\n| %s | |\n|---|---:|\n", title)
	} else {
		p.printf("\n%s\n", title)
	}
}

func (p *printer) row(what string, value any) {
	if p.markdown {
		p.printf("| %s | %v |\n", what, value)
	} else {
		p.printf("  %-56s %12v\n", what, value)
	}
}

func (p *printer) printf(format string, args ...any) { _, _ = fmt.Fprintf(p.out, format, args...) }

// print writes the figures.
func (t *tally) print(out io.Writer, c *config) {
	p := &printer{out, c.markdown}
	p.head(fmt.Sprintf("Torture: %d writers of %d clients for %s, seed %d", c.writers, c.clients, c.duration, c.seed))
	for _, r := range []struct {
		what string
		n    int
	}{
		{"commands submitted, repetitions included", t.verdicts.Submitted},
		{"acknowledged", t.verdicts.Acked},
		{"told as a repetition of what took effect before", t.verdicts.Duplicates},
		{"conflicts", t.verdicts.Conflicts},
		{"not written", t.verdicts.NotWritten},
		{"told as unknown", t.verdicts.Unknown},
		{"never told, the writer was killed", t.verdicts.untold()},
		{"events", t.events},
	} {
		p.row(r.what, r.n)
	}
	p.head("Commits in doubt")
	for _, s := range []groupcommit.Settlement{"committed", "not written", "unknown"} {
		p.row(string(s), t.settled[string(s)])
	}
	p.head(fmt.Sprintf("From the server accepting connections to a writer's next acknowledgement, %d times", t.recoveries))
	p.row("median", t.median.Round(time.Millisecond))
	p.row("longest", t.longest.Round(time.Millisecond))
	p.head(fmt.Sprintf("Faults: %d of %d kinds (%d more found nothing to befall)", t.injected(), len(t.faults), t.missed))
	for _, kind := range t.kindsOfFaults() {
		p.row(kind, t.faults[kind])
	}
	if t.cuts > 0 {
		p.printf("\ncut sweep complete: %d cuts\n", t.cuts)
	}
	p.head("What must be 0")
	for _, what := range t.order {
		p.row(what, t.zeros[what])
	}
	p.printf("\nNot tested here:\n\n")
	for _, what := range t.notTested {
		p.printf("- %s\n", what)
	}
}
