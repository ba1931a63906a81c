package pg

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/committer"
)

// placedLockTimeout is how long a commit waits for a lock once its place is taken: for what should not be there, or while another one extends
// the same table on a disk that is slow.
const placedLockTimeout = 500 * time.Millisecond

// copyShape is a query, the rows that its COPY reads, and their end.
func (s *Store) copyShape(b []byte, c *committer.Commit, waits bool) shape {
	size := 1024 + 256*len(c.Records)
	for i := range c.Rows {
		size += len(c.Rows[i].Encoded)
	}
	b = appendQuery(slices.Grow(b, size), func(b []byte) []byte {
		b = s.appendCommitSQL(b, c)
		if !waits {
			b = append(b, "; COMMIT"...)
		}
		return b
	})
	b = appendCopy(b, c)
	b = appendMessage(b, 'c', func(b []byte) []byte { return b })
	shape := shape{message: b, place: 2, work: 4, waits: waits}
	if len(c.Records) > 0 {
		shape.work++
	}
	return shape
}

func (s *Store) appendCommitSQL(b []byte, c *committer.Commit) []byte {
	b = append(b, "BEGIN ISOLATION LEVEL READ COMMITTED; INSERT INTO "...)
	b = append(b, s.schema...)
	b = append(b, ".commits (previous, last, commit_id, parent, commands, writer, committed_at) VALUES ("...)
	b = strconv.AppendInt(b, c.Parent.Position, 10)
	b = append(b, ',')
	b = strconv.AppendInt(b, c.End().Position, 10)
	b = append(b, ',')
	b = appendUUID(b, c.ID)
	b = append(b, ',')
	b = appendUUID(b, c.Parent.Commit)
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(c.Commands), 10)
	b = append(b, ',')
	b = appendUUID(b, s.id)
	b = append(b, ',')
	b = appendTime(b, c)
	b = append(b, "); SET LOCAL lock_timeout = '"...)
	b = append(b, milliseconds(min(s.config.LockTimeout, placedLockTimeout))...)
	b = append(b, "'; "...)
	b = s.appendRecords(b, c)
	b = append(b, "COPY "...)
	b = append(b, s.schema...)
	return append(b, ".events ("+copyColumns+") FROM STDIN BINARY"...)
}

// appendRecords adds the statement that records commands with an ID. Arrays keep it one constant each to the parser, however many
// they are.
func (s *Store) appendRecords(b []byte, c *committer.Commit) []byte {
	if len(c.Records) == 0 {
		return b
	}
	b = append(b, "INSERT INTO "...)
	b = append(b, s.schema...)
	b = append(b, ".command_ids (command_id, fingerprint, first, last, versions, committed_at)"+
		" SELECT id, decode(fingerprint, 'hex'), first, last, versions::bigint[], "...)
	b = appendTime(b, c)
	b = append(b, " FROM unnest("...)
	b = appendArray(b, c.Records, "uuid", func(b []byte, r *committer.Record) []byte { return append(b, r.ID.String()...) })
	b = append(b, ',')
	b = appendArray(b, c.Records, "text", func(b []byte, r *committer.Record) []byte { return fmt.Appendf(b, "%x", r.Fingerprint) })
	b = append(b, ',')
	b = appendArray(b, c.Records, "bigint", func(b []byte, r *committer.Record) []byte { return strconv.AppendInt(b, r.First, 10) })
	b = append(b, ',')
	b = appendArray(b, c.Records, "bigint", func(b []byte, r *committer.Record) []byte { return strconv.AppendInt(b, r.Last, 10) })
	b = append(b, ',')
	b = appendArray(b, c.Records, "text", appendVersions)
	return append(b, ") AS r (id, fingerprint, first, last, versions); "...)
}

func appendArray(b []byte, records []committer.Record, elem string, element func([]byte, *committer.Record) []byte) []byte {
	b = append(b, "'{"...)
	for i := range records {
		if i > 0 {
			b = append(b, ',')
		}
		b = element(b, &records[i])
	}
	b = append(b, "}'::"...)
	b = append(b, elem...)
	return append(b, "[]"...)
}

func appendVersions(b []byte, r *committer.Record) []byte {
	b = append(b, `"{`...)
	for i, v := range r.Versions {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, v, 10)
	}
	return append(b, `}"`...)
}

func appendUUID(b []byte, id uuid.UUID) []byte {
	b = append(b, '\'')
	b = append(b, id.String()...)
	return append(b, '\'')
}

func appendTime(b []byte, c *committer.Commit) []byte {
	return c.Time.UTC().AppendFormat(b, "'2006-01-02 15:04:05.000000+00'::timestamptz")
}
