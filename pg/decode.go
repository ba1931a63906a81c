package pg

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/groupcommit/groupcommit/command"
)

// collectEvents reads all rows of eventColumns, so many, as far as is known. The fields are taken as they come over the wire: scanning them one by one takes several times
// as long. Where the driver was told to talk text, they are scanned.
func collectEvents(rows pgx.Rows, expected int) (events []command.RecordedEvent, err error) {
	defer rows.Close()
	events = make([]command.RecordedEvent, 0, expected)
	var d decoder
	for rows.Next() {
		if d.scan == nil {
			d.prepare(rows.FieldDescriptions())
		}
		var event command.RecordedEvent
		if err := d.scan(rows, &event); err != nil {
			return nil, err
		}
		events = append(events, event)
	}
	return events, rows.Err()
}

// decoder makes events of rows. Names that are the same as in the row before, and types that are the same as in any, share their memory.
type decoder struct {
	scan           func(pgx.Rows, *command.RecordedEvent) error // how the rows are to be read
	data, metadata int                                          // bytes in front of what is in these fields
	stream         string
	types          map[string]string
}

const fields = 8 // of eventColumns

func (d *decoder) prepare(columns []pgconn.FieldDescription) {
	d.types = make(map[string]string)
	d.data, d.metadata = prefix(&columns[5]), prefix(&columns[6])
	d.scan = d.decode
	if slices.ContainsFunc(columns, asText) {
		d.scan = scanEvent
	}
}

// asText tells of a field that is written out for people, as it is where the driver was told to use the simple protocol. Text and jsonb are the same
// either way, but for the version in front.
func asText(column pgconn.FieldDescription) bool {
	return column.Format == pgtype.TextFormatCode && column.DataTypeOID != pgtype.TextOID && column.DataTypeOID != pgtype.JSONBOID
}

// prefix is the length of what stands in front of the text of jsonb in binary: its version.
func prefix(column *pgconn.FieldDescription) int {
	if column.Format == pgtype.BinaryFormatCode && column.DataTypeOID == pgtype.JSONBOID {
		return 1
	}
	return 0
}

var errOddRow = errors.New("the server sent a row that is not one of table events")

func (d *decoder) decode(rows pgx.Rows, e *command.RecordedEvent) error {
	row := rows.RawValues()
	if len(row) != fields || len(row[0]) != 8 || len(row[2]) != 8 || len(row[3]) != len(e.ID) || len(row[7]) != 8 ||
		len(row[5]) < d.data || row[6] != nil && len(row[6]) < d.metadata {
		return errOddRow
	}
	e.Position = int64(binary.BigEndian.Uint64(row[0]))
	e.Stream = d.name(row[1])
	e.Version = int64(binary.BigEndian.Uint64(row[2]))
	e.ID = uuid.UUID(row[3])
	e.Type = d.typeName(row[4])
	e.Data, e.Metadata = payloads(row[5][d.data:], row[6], d.metadata)
	e.RecordedAt = instant(binary.BigEndian.Uint64(row[7]))
	return nil
}

func (d *decoder) name(field []byte) string {
	if string(field) != d.stream {
		d.stream = string(field)
	}
	return d.stream
}

// maxTypes is how many types are kept. A log has few; one that has not gains nothing.
const maxTypes = 256

func (d *decoder) typeName(field []byte) string {
	name, known := d.types[string(field)]
	if !known {
		name = string(field)
		if len(d.types) < maxTypes {
			d.types[name] = name
		}
	}
	return name
}

// payloads copies both into one piece of memory. No append to one of them reaches the other.
func payloads(data, metadata []byte, skip int) (ownData, ownMetadata []byte) {
	if metadata == nil {
		return append(make([]byte, 0, len(data)), data...), nil
	}
	metadata = metadata[skip:]
	both := append(append(make([]byte, 0, len(data)+len(metadata)), data...), metadata...)
	return both[:len(data):len(data)], both[len(data):]
}

// instant is the time of a timestamptz: microseconds since the year 2000.
func instant(timestamp uint64) time.Time {
	return time.UnixMicro(int64(timestamp) + epoch*1e6).UTC()
}

// scanEvent reads a row in whatever format.
func scanEvent(rows pgx.Rows, e *command.RecordedEvent) error {
	err := rows.Scan(&e.Position, &e.Stream, &e.Version, &e.ID, &e.Type, &e.Data, &e.Metadata, &e.RecordedAt)
	e.RecordedAt = e.RecordedAt.UTC()
	return err
}
