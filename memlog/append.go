package memlog

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/committer"
)

// Append adds a commit, or nothing. An error is a *committer.Failure, never of class InDoubt. Failure.Row is -1 but for a row
// that is Stale or Refused.
func (l *Log) Append(ctx context.Context, c *committer.Commit, link *committer.Link) error {
	if err := ctx.Err(); err != nil {
		return failed(committer.Transient, err)
	}
	payloads, refusal := decodeRows(c.Rows)
	if refusal != nil {
		return refusal
	}
	if link != nil {
		link.Owned() // whoever is quicker is found out below
		if link.Await != nil {
			if err := link.Await(ctx); err != nil {
				return committer.Orphaned(err)
			}
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if refusal := l.judge(c); refusal != nil {
		return refusal
	}
	l.apply(c, payloads)
	return nil
}

func decodeRows(rows []committer.Row) ([]payload, *committer.Failure) {
	if len(rows) == 0 {
		return nil, failed(committer.Refused, errors.New("a commit has at least one row"))
	}
	payloads := make([]payload, len(rows))
	for i := range rows {
		var err error
		if payloads[i], err = decode(rows[i].Encoded); err != nil {
			return nil, failedRow(committer.Refused, i, err)
		}
	}
	return payloads, nil
}

// judge finds what PostgreSQL would refuse, in the order of its writes: the row in commits, so that a commit that is appended again
// hears that the log moved, and not of its own events; the command IDs; the events. The parent comes last: a deferred foreign key is
// checked at COMMIT.
func (l *Log) judge(c *committer.Commit) *committer.Failure {
	if _, followed := l.follower(c.Parent.Position); followed {
		return failed(committer.Moved, errors.New("another commit follows the parent"))
	}
	if l.anyRecorded(c.Records) {
		return failed(committer.Recorded, errors.New("a command ID is recorded already"))
	}
	if refusal := l.judgeRows(c); refusal != nil {
		return refusal
	}
	if !l.holds(c.Parent) {
		return failed(committer.Lost, errors.New("the parent is not in the log"))
	}
	return nil
}

func (l *Log) anyRecorded(records []committer.Record) bool {
	own := make(map[uuid.UUID]struct{}, len(records))
	for i := range records {
		id := records[i].ID
		if _, recorded := l.records[id]; recorded {
			return true
		}
		own[id] = struct{}{}
	}
	return len(own) < len(records)
}

func (l *Log) judgeRows(c *committer.Commit) *committer.Failure {
	type key struct {
		stream  string
		version int64
	}
	own := make(map[key]struct{}, len(c.Rows))
	for i := range c.Rows {
		if position := c.Parent.Position + 1 + int64(i); position >= 1 && position <= int64(len(l.events)) {
			return failed(committer.Taken, errors.New("an event stands at the position already"))
		}
		row := &c.Rows[i]
		k := key{row.Stream, row.Version}
		if _, twice := own[k]; twice || l.hasEvent(row.Stream, row.Version) {
			return failedRow(committer.Stale, i, errors.New("the stream has an event of that version already"))
		}
		own[k] = struct{}{}
	}
	return nil
}

func (l *Log) hasEvent(name string, version int64) bool {
	s, exists := l.streams[name]
	if !exists {
		return false
	}
	_, exact := s.find(version)
	return exact
}

func (l *Log) apply(c *committer.Commit, payloads []payload) {
	at := instant(c.Time)
	for i := range c.Rows {
		l.addEvent(c.Rows[i].Stream, c.Rows[i].Version, at, payloads[i])
	}
	for _, r := range c.Records {
		r.CommittedAt = instant(r.CommittedAt)
		l.records[r.ID] = ownRecord(r)
	}
	l.commits = append(l.commits, commit{previous: c.Parent.Position, last: c.End().Position, id: c.ID, commands: c.Commands, at: at})
	for _, ring := range l.watchers {
		ring()
	}
}

func (l *Log) addEvent(name string, version int64, at time.Time, p payload) {
	s, exists := l.streams[name]
	if !exists {
		s = &stream{name: strings.Clone(name)}
		l.streams[s.name] = s
	}
	l.events = append(l.events, event{stream: s, version: version, at: at, payload: p})
	i, _ := s.find(version)
	s.places = slices.Insert(s.places, i, place{version: version, position: int64(len(l.events))})
}

// ownRecord is the record with memory of its own.
func ownRecord(r committer.Record) committer.Record {
	r.Versions = slices.Clone(r.Versions)
	return r
}

func failed(class committer.Class, err error) *committer.Failure { return failedRow(class, -1, err) }

func failedRow(class committer.Class, row int, err error) *committer.Failure {
	return &committer.Failure{Class: class, Row: row, Err: err}
}
