package main

import (
	"io"
	"strings"
	"testing"
	"time"
)

// quick are faults that are over soon.
const quick = `(FIN|RST)|COMMIT (never|lost)|reply to COMMIT lost$|of a COMMIT terminated|^all backends terminated$|` +
	`postmaster killed, started|writer killed|by hand|under load|privileges`

// A torture of a few seconds, of few kinds.
func TestTorture(t *testing.T) {
	var text strings.Builder
	d := newDirector(&config{
		duration: 10 * time.Second, round: 5 * time.Second, seed: 1, writers: 2, clients: 10,
		pause: 20 * time.Millisecond, calm: 200 * time.Millisecond, only: quick,
	}, &text)
	d.progress = io.Discard
	if err := d.run(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, text.String())
	}
	t.Log(text.String())
	v := d.tally.verdicts
	if d.tally.rounds == 0 || v.Acked == 0 || v.Conflicts == 0 || d.tally.injected() == 0 || d.tally.events == 0 || d.tally.commits == 0 {
		t.Errorf("a run without much in it\n%s", text.String())
	}
}
