package importer

import (
	"cmp"
	"fmt"
	"strings"
)

// Options say how to import. The zero value of a field means its default. The limits must not be above those of the store's Config.
type Options struct {
	// Name tells this import from others into the same log, 1 to 200 bytes. It is required.
	Name string

	// After is the cursor to begin behind. Defaults to the start.
	After string

	// A command holds at most CommandEvents (1 to 1,000,000, defaults to 500), CommandBytes of data, metadata and names (1 to 1 GiB, defaults to 1 MiB;
	// an event that is larger has a command of its own) and CommandStreams (1 to 10,000, defaults to 100).
	CommandEvents  int
	CommandBytes   int
	CommandStreams int

	// InFlight is how many commands wait for their verdict at a time: 1 to 10,000, defaults to 100. They are in memory. It is one as long as
	// they may repeat what an earlier run has written: until so many in a row are new.
	InFlight int

	// Progress is called for each command that is written, or was before, in order and never twice at a time: with the number of events so
	// far in this run, and the cursor of the last one. Nothing goes on while it runs. Who keeps the cursor can resume behind it.
	Progress func(events int64, cursor string)
}

const maxNameBytes = 200

func (o Options) withDefaults() Options {
	o.CommandEvents = cmp.Or(o.CommandEvents, 500)
	o.CommandBytes = cmp.Or(o.CommandBytes, 1<<20)
	o.CommandStreams = cmp.Or(o.CommandStreams, 100)
	o.InFlight = cmp.Or(o.InFlight, 100)
	if o.Progress == nil {
		o.Progress = func(int64, string) {}
	}
	return o
}

// check is for options that have their defaults.
func (o *Options) check() error {
	if o.Name == "" || len(o.Name) > maxNameBytes || strings.ContainsRune(o.Name, 0) {
		return &InvalidError{"Options.Name", "a name has 1 to 200 bytes, and no zero byte"}
	}
	for _, limit := range []struct {
		field       string
		value, most int
	}{
		{"CommandEvents", o.CommandEvents, 1_000_000},
		{"CommandBytes", o.CommandBytes, 1 << 30},
		{"CommandStreams", o.CommandStreams, 10_000},
		{"InFlight", o.InFlight, 10_000},
	} {
		if limit.value < 1 || limit.value > limit.most {
			return &InvalidError{"Options." + limit.field, fmt.Sprintf("it is %d, and has to be 1 to %d", limit.value, limit.most)}
		}
	}
	return nil
}
