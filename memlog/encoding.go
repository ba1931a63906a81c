package memlog

import (
	"encoding/binary"
	"errors"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
)

// payload is what AppendRow encodes of an event: its ID, then type, data and metadata, each behind its length. The strings share the
// memory of one encoding, which nobody else has.
type payload struct {
	id        uuid.UUID
	eventType string
	data      string
	metadata  string // empty for none
}

// AppendRow appends the encoding of an event. The stream is left out of it, for the row that carries the encoding names it.
func (l *Log) AppendRow(dst []byte, _ string, event command.Event) []byte {
	dst = append(dst, event.ID[:]...)
	dst = appendFramed(dst, event.Type)
	if len(event.Data) == 0 {
		dst = appendFramed(dst, l.empty)
	} else {
		dst = appendFramed(dst, event.Data)
	}
	return appendFramed(dst, event.Metadata)
}

// ReadRow is the event that AppendRow made a row of.
func (l *Log) ReadRow(row []byte) (command.Event, error) {
	p, err := decode(row)
	if err != nil {
		return command.Event{}, err
	}
	event := command.Event{ID: p.id, Type: p.eventType, Data: []byte(p.data)}
	if p.metadata != "" {
		event.Metadata = []byte(p.metadata)
	}
	return event, nil
}

func appendFramed[T string | []byte](dst []byte, field T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(field))), field...)
}

var errEncoding = errors.New("the row is not an encoding of this log")

// decode copies: the encoding remains the committer's, which may use its memory again.
func decode(encoded []byte) (p payload, err error) {
	rest := string(encoded[copy(p.id[:], encoded):]) // nothing, and so no field, behind an ID that was cut
	for _, field := range []*string{&p.eventType, &p.data, &p.metadata} {
		if *field, rest, err = cutFramed(rest); err != nil {
			return payload{}, err
		}
	}
	if rest != "" {
		return payload{}, errEncoding
	}
	return p, nil
}

func cutFramed(s string) (field, rest string, err error) {
	prefix := s[:min(len(s), binary.MaxVarintLen64)]
	size, n := binary.Uvarint([]byte(prefix))
	if n <= 0 || size > uint64(len(s)-n) {
		return "", "", errEncoding
	}
	s = s[n:]
	return s[:size], s[size:], nil
}
