package projection

import (
	"cmp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/groupcommit/groupcommit"
)

// OnFailure says what becomes of events that cannot be applied.
type OnFailure int

const (
	// Stop ends the projection with a *StoppedError. Nothing behind the events takes effect.
	Stop OnFailure = iota
	// Park tries ever smaller parts of the batch, puts the events that fail alone into table parked_events, and goes on. What follows a parked event in
	// its stream is applied before it, if that is retried: Apply must be able to bear that.
	Park
)

// Options are what projections, handlers and views have in common. The zero value of a field means its default.
type Options struct {
	// Types, at most 1,000, and StreamPrefix say which events it is about. Defaults to all.
	Types        []string
	StreamPrefix string

	// BatchEvents is how many events are handed over at a time, at most: 1 to 10,000, defaults to 1,000. What is there is handed over at once.
	BatchEvents int

	// Timeout is how long a statement may take; all of a batch may take twice as long, and no answer is waited for longer. A process that is stopped or
	// cut off is replaced after twice this time. Defaults to 10 s, for a MaterializedView to 5 min.
	Timeout time.Duration

	// Attempts are made with a batch, with growing pauses between them, before OnFailure is asked. Defaults to 5. Failures that are no fault of the events
	// do not count: see Transient.
	Attempts  int
	OnFailure OnFailure
}

func (o Options) withDefaults() Options {
	o.BatchEvents = cmp.Or(o.BatchEvents, 1000)
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	o.Attempts = cmp.Or(o.Attempts, 5)
	return o
}

const (
	maxBatchEvents = 10_000
	maxNameBytes   = 200
	maxTypes       = 1_000
)

func (o *Options) check(name string) error {
	switch {
	case name == "" || len(name) > maxNameBytes || strings.ContainsRune(name, 0) || !utf8.ValidString(name):
		return &InvalidError{"Name", "a name has 1 to 200 bytes, in UTF-8, and no zero byte"}
	case len(o.Types) > maxTypes:
		return &InvalidError{"Types", "there are at most 1,000 of them"}
	case o.BatchEvents < 0 || o.BatchEvents > maxBatchEvents:
		return &InvalidError{"BatchEvents", "a batch has 1 to 10,000 events"}
	case o.Timeout < 0 || o.Timeout > 0 && o.Timeout < time.Millisecond:
		return &InvalidError{"Timeout", "it is at least a millisecond"}
	case o.Attempts < 0:
		return &InvalidError{"Attempts", "at least one is made"}
	case o.OnFailure != Stop && o.OnFailure != Park:
		return &InvalidError{"OnFailure", "it is Stop or Park"}
	}
	return nil
}

// reading is what to ask of a subscription.
func (o *Options) reading(from groupcommit.Checkpoint, title string) []groupcommit.ReadOption {
	options := []groupcommit.ReadOption{groupcommit.From(from), groupcommit.PageSize(o.BatchEvents), groupcommit.Named(title)}
	if len(o.Types) > 0 {
		options = append(options, groupcommit.Types(o.Types...))
	}
	if o.StreamPrefix != "" {
		options = append(options, groupcommit.StreamPrefix(o.StreamPrefix))
	}
	return options
}
