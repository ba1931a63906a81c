package pg

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
)

// The binary COPY format: a header; per row the number of fields, and per field its length and its bytes; a trailer. The
// fields that are known last come first, and have a fixed size each, so that they are at the same place in every row.
const (
	copyColumns = "position, version, recorded_at, event_id, stream, type, data, metadata"
	fieldCount  = 8

	copyHeader  = "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	copyTrailer = "\xff\xff"

	positionAt = 4
	versionAt  = positionAt + 8 + 4
	timeAt     = versionAt + 8 + 4

	jsonbVersion = 1
)

// AppendRow implements committer.Log. Position, version and time are left blank.
func (s *Store) AppendRow(dst []byte, stream string, event command.Event) []byte {
	for range 3 {
		dst = appendInt64(dst, 0)
	}
	dst = appendID(dst, event.ID)
	dst = appendField(dst, stream)
	dst = appendField(dst, event.Type)
	switch {
	case s.dataType == command.DataBytea:
		dst = appendField(dst, event.Data)
	case len(event.Data) == 0:
		dst = appendJSONB(dst, "null")
	default:
		dst = appendJSONB(dst, event.Data)
	}
	if len(event.Metadata) == 0 {
		return binary.BigEndian.AppendUint32(dst, 1<<32-1) // NULL
	}
	return appendJSONB(dst, event.Metadata)
}

var errEncoding = errors.New("the row is not an encoding of this log")

// ReadRow implements committer.Log. The event shares the memory of the row.
func (s *Store) ReadRow(row []byte) (event command.Event, err error) {
	rest := row[min(len(row), timeAt+8):]
	var fields [5][]byte // event_id, stream, type, data, metadata; nil for NULL
	for i := range fields {
		if len(rest) < 4 {
			return event, errEncoding
		}
		size := int32(binary.BigEndian.Uint32(rest))
		rest = rest[4:]
		if size < 0 {
			continue
		}
		if int(size) > len(rest) {
			return event, errEncoding
		}
		fields[i], rest = rest[:size:size], rest[size:]
	}
	event.Type, event.Data, event.Metadata = string(fields[2]), fields[3], withoutVersion(fields[4])
	if s.dataType != command.DataBytea {
		event.Data = withoutVersion(event.Data)
	}
	return event, event.ID.UnmarshalBinary(fields[0])
}

// withoutVersion is the text of a jsonb field.
func withoutVersion(field []byte) []byte {
	if len(field) == 0 {
		return nil
	}
	return field[1:]
}

func appendField[T string | []byte](dst []byte, value T) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(value)))
	return append(dst, value...)
}

func appendJSONB[T string | []byte](dst []byte, text T) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(1+len(text)))
	dst = append(dst, jsonbVersion)
	return append(dst, text...)
}

// messageRows is how many bytes of rows go into one message, about. The server takes a message whole before it looks at it: into a buffer that
// it has to double, and the system to clear, until the message fits. With all rows in one it works a quarter more.
const messageRows = 60_000

// appendCopy appends what COPY reads for a commit, in messages.
func appendCopy(b []byte, commit *committer.Commit) []byte {
	next := 0
	rows := func(b []byte) []byte {
		for start := len(b); next < len(commit.Rows) && len(b)-start < messageRows; next++ {
			b = appendRow(b, commit, next)
		}
		return b
	}
	b = appendMessage(b, 'd', func(b []byte) []byte { return rows(append(b, copyHeader...)) })
	for next < len(commit.Rows) {
		b = appendMessage(b, 'd', rows)
	}
	return appendMessage(b, 'd', func(b []byte) []byte { return append(b, copyTrailer...) })
}

// appendRow appends a copy of a row, with the blanks filled in.
func appendRow(b []byte, commit *committer.Commit, i int) []byte {
	return appendFields(binary.BigEndian.AppendUint16(b, fieldCount), commit, i)
}

// appendFields is a row as the parameters of a Bind are laid out, which is as COPY has it.
func appendFields(b []byte, commit *committer.Commit, i int) []byte {
	start := len(b)
	b = append(b, commit.Rows[i].Encoded...)
	row := b[start:]
	binary.BigEndian.PutUint64(row[positionAt:], uint64(commit.Parent.Position+1+int64(i)))
	binary.BigEndian.PutUint64(row[versionAt:], uint64(commit.Rows[i].Version))
	binary.BigEndian.PutUint64(row[timeAt:], timestamp(commit.Time))
	return b
}

const epoch = 946684800 // 2000-01-01 in Unix seconds

// timestamp is a timestamptz: microseconds since the year 2000.
func timestamp(t time.Time) uint64 {
	return uint64(t.UnixMicro() - epoch*1e6)
}
