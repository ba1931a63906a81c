package pg

import (
	"context"
	"encoding/binary"
	"slices"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/groupcommit/groupcommit/committer"
)

// The prepared statements of a connection that appends: one for the row in commits, and one for each of some numbers of events, of which any
// few are made.
const insertCommit = "groupcommit_commit"

var insertSizes = [...]int{16, 8, 4, 2, 1}

func insertEvents(rows int) string { return "groupcommit_events_" + strconv.Itoa(rows) }

func (s *Store) prepareInserts(ctx context.Context, conn *pgconn.PgConn) error {
	const commitSQL = ".commits (previous, last, commit_id, parent, commands, writer, committed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"
	if _, err := conn.Prepare(ctx, insertCommit, "INSERT INTO "+s.schema+commitSQL, nil); err != nil {
		return err
	}
	for _, rows := range insertSizes {
		if _, err := conn.Prepare(ctx, insertEvents(rows), s.insertEventsSQL(rows), nil); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) insertEventsSQL(rows int) string {
	b := []byte("INSERT INTO " + s.schema + ".events (" + copyColumns + ") VALUES ")
	for i := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		for n := range fieldCount {
			b = append(b, "(,"[min(n, 1)], '$')
			b = strconv.AppendInt(b, int64(i*fieldCount+n+1), 10)
		}
		b = append(b, ')')
	}
	return string(b)
}

// insertShape is as few INSERTs as there are sizes for. Without BEGIN, all up to Sync is one transaction.
func (s *Store) insertShape(b []byte, c *committer.Commit) shape {
	b = slices.Grow(b, 512+512*len(c.Rows))
	b = appendExecute(b, insertCommit, func(b []byte) []byte { return s.appendCommitRow(b, c) })
	statements := 1
	for first, left := 0, len(c.Rows); left > 0; statements++ {
		size := insertSizes[slices.IndexFunc(insertSizes[:], func(size int) bool { return size <= left })]
		b = appendExecute(b, insertEvents(size), func(b []byte) []byte {
			b = binary.BigEndian.AppendUint16(b, uint16(size*fieldCount))
			for i := range size {
				b = appendFields(b, c, first+i)
			}
			return b
		})
		first, left = first+size, left-size
	}
	b = appendMessage(b, 'S', func(b []byte) []byte { return b })
	return shape{message: b, place: 1, work: statements, inserts: true}
}

// appendExecute appends a Bind of a prepared statement, with parameters in binary, and its Execute.
func appendExecute(b []byte, statement string, parameters func([]byte) []byte) []byte {
	b = appendMessage(b, 'B', func(b []byte) []byte {
		b = append(b, 0) // no portal
		b = append(append(b, statement...), 0)
		b = append(b, 0, 1, 0, 1) // one format for all: binary
		b = parameters(b)
		return append(b, 0, 0) // no results
	})
	return appendMessage(b, 'E', func(b []byte) []byte { return append(b, 0, 0, 0, 0, 0) })
}

// appendCommitRow appends the row in commits, laid out as one of COPY.
func (s *Store) appendCommitRow(b []byte, c *committer.Commit) []byte {
	b = binary.BigEndian.AppendUint16(b, 7)
	b = appendInt64(b, uint64(c.Parent.Position))
	b = appendInt64(b, uint64(c.End().Position))
	b = appendID(b, c.ID)
	b = appendID(b, c.Parent.Commit)
	b = binary.BigEndian.AppendUint32(b, 4)
	b = binary.BigEndian.AppendUint32(b, uint32(c.Commands))
	b = appendID(b, s.id)
	return appendInt64(b, timestamp(c.Time))
}

func appendInt64(b []byte, n uint64) []byte {
	b = binary.BigEndian.AppendUint32(b, 8)
	return binary.BigEndian.AppendUint64(b, n)
}

func appendID(b []byte, id uuid.UUID) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(id)))
	return append(b, id[:]...)
}
