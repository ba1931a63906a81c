package memlog

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
)

// movedEvents is how many events Look goes through to tell what moved. A longer way is Forgotten.
const movedEvents = 10_000

// Look reads what the query asks. Snapshot.Moved goes back 10,000 events; behind that it is empty and Forgotten is set. To a
// query whose Since is the zero Point, neither is told.
func (l *Log) Look(ctx context.Context, query committer.Query) (committer.Snapshot, error) {
	if err := ctx.Err(); err != nil {
		return committer.Snapshot{}, err
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	end := l.end()
	snapshot := committer.Snapshot{
		End:      committer.Point{Position: end.last, Commit: end.id},
		EndTime:  end.at,
		Versions: l.versions(query.Streams),
		Records:  l.recordsOf(query.IDs),
	}
	if query.Since != (committer.Point{}) {
		if !l.holds(query.Since) {
			return committer.Snapshot{}, failed(committer.Lost, errors.New("the log has no such commit at that position"))
		}
		snapshot.Moved, snapshot.Forgotten = l.movedSince(query.Since.Position)
	}
	return snapshot, nil
}

// Successor is the commit that follows a position, if there is one.
func (l *Log) Successor(ctx context.Context, position int64) (id uuid.UUID, found bool, err error) {
	if err := ctx.Err(); err != nil {
		return uuid.Nil, false, err
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	next, found := l.follower(position)
	return next.id, found, nil
}

func (l *Log) versions(names []string) []int64 {
	versions := make([]int64, len(names))
	for i, name := range names {
		versions[i] = l.version(name)
	}
	return versions
}

func (l *Log) recordsOf(ids []uuid.UUID) map[uuid.UUID]committer.Record {
	records := make(map[uuid.UUID]committer.Record)
	for _, id := range ids {
		if r, found := l.records[id]; found {
			records[id] = ownRecord(r)
		}
	}
	return records
}

// movedSince gives the streams that have events behind a position, in the order in which they first do.
func (l *Log) movedSince(position int64) (moved []command.StreamVersion, forgotten bool) {
	events := l.events[position:]
	if len(events) > movedEvents {
		return nil, true
	}
	listed := make(map[*stream]struct{})
	for i := range events {
		s := events[i].stream
		if _, twice := listed[s]; twice {
			continue
		}
		listed[s] = struct{}{}
		moved = append(moved, command.StreamVersion{Stream: s.name, Version: s.version()})
	}
	return moved, false
}
