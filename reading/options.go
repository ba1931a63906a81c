package reading

import (
	"fmt"
	"math"
	"slices"

	"github.com/groupcommit/groupcommit/command"
)

// Option says what part of a stream or of the log to read.
type Option func(*query)

// query is a selection, and how to go about it.
type query struct {
	Selection
	pageSize int
	name     string             // of a subscription
	from     command.Checkpoint // where CommitID is set
	unread   bool               // nothing can be there
	grouped  bool               // of several streams, each by itself
}

// The largest values that are accepted.
const (
	MaxPageSize = 10_000
	MaxStreams  = 1_000 // in one call of ReadStreams
	maxTypes    = 1_000

	defaultPageSize = 1_000
)

// After begins behind this version of a stream, or position of the log; backward, in front of it. Defaults to 0, which is the start; backward, the
// end. It is not negative.
func After(n int64) Option { return func(q *query) { q.After = n } }

// From begins behind a checkpoint of the log, in place of After, and makes sure that the log still holds the commit that it names. Otherwise
// the sequence ends with command.ErrLostCommits. A checkpoint without a CommitID, which a Batch has where its commit was pruned, is not checked. It is
// for reads of the whole log and for subscriptions.
func From(c command.Checkpoint) Option {
	return func(q *query) { q.After, q.from = c.Position, c }
}

// Limit ends after this many events, 0 or more. Defaults to all there are. A subscription has no limit.
func Limit(n int) Option { return func(q *query) { q.Limit = n } }

// Backward reads from the end to the start: the highest version or position first. A subscription goes forward only.
func Backward() Option { return func(q *query) { q.Backward = true } }

// Grouped has ReadStreams read one stream after another, in the order in which they are named, each in the order of its versions: Backward turns the
// versions around, not the streams. It is for ReadStreams alone.
func Grouped() Option { return func(q *query) { q.grouped = true } }

// Types reads events of these types alone, at most 1,000 of them.
func Types(types ...string) Option { return func(q *query) { q.Types = slices.Clone(types) } }

// StreamPrefix reads the events of streams whose names begin with this text, byte for byte: % and _ are letters like any other.
func StreamPrefix(prefix string) Option { return func(q *query) { q.Prefix = prefix } }

// PageSize is how many events are fetched at once, at most: 1 to 10,000, defaults to 1,000. Of large events fewer are fetched, so that a page takes
// about a MiB, as far as the page before it tells. For a subscription it is also the largest batch.
func PageSize(n int) Option { return func(q *query) { q.pageSize = n } }

// Named gives a subscription the name under which Reader.Subscriptions tells how far it has come.
func Named(name string) Option { return func(q *query) { q.name = name } }

func newQuery(stream string, options []Option) (*query, error) {
	q := &query{Selection: Selection{Stream: stream, UpTo: math.MaxInt64, Limit: math.MaxInt}, pageSize: defaultPageSize}
	for _, option := range options {
		if option == nil {
			return nil, &InvalidError{"options", "one of them is nil"}
		}
		option(q)
	}
	if err := q.check(); err != nil {
		return nil, err
	}
	if q.Backward && q.After > 0 {
		q.After, q.UpTo = 0, q.After-1
		q.unread = q.UpTo == 0
	}
	return q, nil
}

// check tells what cannot be meant.
func (q *query) check() error {
	switch {
	case q.After < 0 && q.After == q.from.Position:
		return &InvalidError{"From", fmt.Sprintf("its position is %d, and must be 0 or more", q.After)}
	case q.After < 0:
		return &InvalidError{"After", fmt.Sprintf("it is %d, and must be 0 or more", q.After)}
	case q.Limit < 0:
		return &InvalidError{"Limit", fmt.Sprintf("it is %d, and must be 0 or more", q.Limit)}
	case q.pageSize < 1 || q.pageSize > MaxPageSize:
		return &InvalidError{"PageSize", fmt.Sprintf("it is %d, and must be 1 to %d", q.pageSize, MaxPageSize)}
	case len(q.Types) > maxTypes:
		return &InvalidError{"Types", fmt.Sprintf("there are %d of them, and may be %d", len(q.Types), maxTypes)}
	case slices.Contains(q.Types, ""):
		return &InvalidError{"Types", "one of them is empty, and no event has an empty type"}
	case q.Stream != "" && q.Prefix != "":
		return &InvalidError{"StreamPrefix", "it is for the whole log: one stream has one name"}
	case q.Stream != "" && q.from != command.Checkpoint{}:
		return &InvalidError{"From", "a checkpoint is a place in the whole log: use After for one stream"}
	case q.Backward && q.from != command.Checkpoint{}:
		return &InvalidError{"From", "it goes forward: use After to read backward"}
	}
	return nil
}

// InvalidError says which option of a read, or what else that it was asked for, cannot be used.
type InvalidError struct {
	Option string // "PageSize"
	Reason string // what is wrong, and what would be right
}

var (
	errNameless = &InvalidError{"stream", "its name is empty, and a stream has one"}
	errGrouped  = &InvalidError{"Grouped", "it is for ReadStreams: there is nothing else to group by stream"}
)

func (e *InvalidError) Error() string {
	return fmt.Sprintf("groupcommit: reading: %s: %s", e.Option, e.Reason)
}
