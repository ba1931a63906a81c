package workload

import (
	"context"
	"iter"

	"github.com/groupcommit/groupcommit"
)

// Store is what the workloads need of a *groupcommit.Store.
type Store interface {
	Append(ctx context.Context, cmd groupcommit.Command) (groupcommit.Result, error)
	ReadStream(ctx context.Context, stream string, options ...groupcommit.ReadOption) iter.Seq2[groupcommit.RecordedEvent, error]
}
