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
	// its stream is applied before it, if that is retried: Apply must be able to bear that. Where events are not to be blamed, as when a table is missing
	// or 20 in a row have failed, the projection stops.
	Park
)

// Options are what projections, handlers and views have in common. The zero value of a field means its default.
type Options struct {
	// Types, at most 1,000, and StreamPrefix say which events it is about. Defaults to all.
	Types        []string
	StreamPrefix string

	// BatchEvents is how many events are handed over at a time, at most: 1 to 10,000, defaults to 1,000. What is there is handed over at once.
	BatchEvents int

	// Timeout is how long a statement may take, and a call of Handle; a transaction, with all that Apply does in it, may take twice as long, and no answer
	// is waited for longer. A process that is stopped or cut off is replaced after two to three times this time, and a little more: give all processes
	// the same. At least a second; defaults to 10 s, for a MaterializedView to 5 min.
	Timeout time.Duration

	// Attempts are made with a batch, with growing pauses between them, before OnFailure is asked. Defaults to 5. What takes too long counts; failures
	// that are no fault of the events do not: see Transient. A Swap, a refresh, and reading the log (an upcast that fails) have as many, and then the
	// projection stops.
	Attempts  int
	OnFailure OnFailure

	// MaxParked is how many events may be parked at a time: 1 to 100,000, defaults to 1,000. One more stops the projection.
	MaxParked int
}

func (o Options) withDefaults() Options {
	o.BatchEvents = cmp.Or(o.BatchEvents, 1000)
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	o.Attempts = cmp.Or(o.Attempts, 5)
	o.MaxParked = cmp.Or(o.MaxParked, 1000)
	return o
}

const (
	maxBatchEvents = 10_000
	maxNameBytes   = 200
	maxTypes       = 1_000
	maxMaxParked   = 100_000
	minTimeout     = time.Second // who waits for the turn shows that it is alive more often than that
)

func (o *Options) check(name string) error {
	switch {
	case name == "" || len(name) > maxNameBytes || strings.ContainsRune(name, 0) || !utf8.ValidString(name):
		return &InvalidError{"Name", "a name has 1 to 200 bytes, in UTF-8, and no zero byte"}
	case len(o.Types) > maxTypes:
		return &InvalidError{"Types", "there are at most 1,000 of them"}
	case o.BatchEvents < 0 || o.BatchEvents > maxBatchEvents:
		return &InvalidError{"BatchEvents", "a batch has 1 to 10,000 events"}
	case o.Timeout < 0 || o.Timeout > 0 && o.Timeout < minTimeout:
		return &InvalidError{"Timeout", "it is at least a second"}
	case o.Attempts < 0:
		return &InvalidError{"Attempts", "at least one is made"}
	case o.OnFailure != Stop && o.OnFailure != Park:
		return &InvalidError{"OnFailure", "it is Stop or Park"}
	case o.MaxParked < 0 || o.MaxParked > maxMaxParked:
		return &InvalidError{"MaxParked", "at least one event may be parked, and at most 100,000"}
	}
	return nil
}

// reading is what to ask of a subscription.
func (o *Options) reading(from groupcommit.Checkpoint, batchEvents int, title string) []groupcommit.ReadOption {
	options := []groupcommit.ReadOption{groupcommit.From(from), groupcommit.PageSize(batchEvents), groupcommit.Named(title)}
	if len(o.Types) > 0 {
		options = append(options, groupcommit.Types(o.Types...))
	}
	if o.StreamPrefix != "" {
		options = append(options, groupcommit.StreamPrefix(o.StreamPrefix))
	}
	return options
}
