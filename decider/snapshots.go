package decider

import (
	"cmp"
	"encoding/json"

	"github.com/groupcommit/groupcommit/command"
)

// Snapshots has states kept in table snapshots, so that a long stream is loaded from there and not from its beginning. The state of a stream is
// written about every so many of its events (0: 1,000), when it was loaded or decided on, in the background: commits do not wait for it, and one that is
// lost is missed by nobody. What is written has been read from the log: on a busy stream each event is read once more. A store in memory keeps none, and
// Execute does not use them.
//
// The name tells deciders apart that look at the same streams, 1 to 255 bytes. The version, 0 or more, has to be counted up with whatever changes what
// evolve makes of events, Config.Upcast included, or how a state is encoded. Each version uses its own snapshots alone, so that two can run side by side
// while a deployment rolls. Whenever a snapshot is saved, those of its stream by lower versions are deleted, but for the highest of them.
//
// States are encoded as JSON, unless there is a Codec; more than 16 MiB are not kept. Who writes needs SELECT, INSERT, UPDATE and DELETE on the table.
// Without these Config.Logger is told once, as of other trouble with snapshots, and everything works as without them. They hold what events hold:
// whoever deletes the one deletes the other, too.
func Snapshots[S any](name string, version, every int) Option[S] {
	return func(d *Decider[S]) {
		d.snapshots = &command.Snapshots{Name: name, Version: version, Every: cmp.Or(every, 1000)}
	}
}

// Codec encodes and decodes the states of snapshots. Defaults to encoding/json, which leaves out fields that are not exported. An error, or a panic, costs
// the snapshot.
func Codec[S any](encode func(state S) ([]byte, error), decode func(data []byte) (S, error)) Option[S] {
	return func(d *Decider[S]) { d.encode, d.decode = encode, decode }
}

func toJSON[S any](state S) ([]byte, error) { return json.Marshal(state) }

func fromJSON[S any](data []byte) (state S, err error) {
	err = json.Unmarshal(data, &state)
	return state, err
}
