package committer

import (
	"encoding/binary"
	"unsafe"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
)

// Entry is a command on its way: encoded, so that nothing of the caller's is kept but strings. It belongs to whoever fills it
// until it is handed to Begin, and to the committer until the receiver is told.
type Entry struct {
	ID          uuid.UUID
	Fingerprint command.Fingerprint // set with ID
	Receiver    Receiver

	parts []part
	one   [1]part // backs parts of the usual command
	rows  []byte  // every event's encoding, behind its length

	decision *decision // nil where the command says itself what to append
	place    uint64    // in the order of all entries; set by Begin
}

// Receiver is told the verdict on a command, once. It must not block.
type Receiver interface {
	Resolve(command.Result, error)
}

// part is what a command does to one stream.
type part struct {
	stream string
	expect command.Expect
	events int
	slot   int // in the view that the batch is judged on
}

const (
	lengthBytes = 4
	rowOverhead = 96 // what encoding adds to an event, about; too little costs an allocation, too much a few bytes
)

// Fill encodes a command that passed its Check. Events without an ID get one. A command that carries a decision is encoded when it has been
// taken; until then Load finds the states of its streams.
func (e *Entry) Fill(log Log, cmd *command.Command) {
	if cmd.ID != uuid.Nil {
		e.ID, e.Fingerprint = cmd.ID, cmd.Fingerprint()
	}
	if cmd.Decision != nil {
		e.decision = newDecision(cmd.Decision)
		e.parts = e.decision.parts(e.parts)
		e.decision.given = e.decision.streams
		return
	}
	e.parts = e.one[:0]
	if len(cmd.Streams) > len(e.one) {
		e.parts = make([]part, 0, len(cmd.Streams))
	}
	for i := range cmd.Streams {
		s := &cmd.Streams[i]
		e.parts = append(e.parts, part{stream: s.Stream, expect: s.Expect, events: len(s.Events)})
	}
	e.encode(log, cmd.Streams)
}

// encode makes the rows of the events.
func (e *Entry) encode(log Log, streams []command.StreamWrite) {
	e.rows = make([]byte, 0, encodedSize(streams))
	for i := range streams {
		s := &streams[i]
		for j := range s.Events {
			e.appendRow(log, s.Stream, s.Events[j])
		}
	}
}

func (e *Entry) appendRow(log Log, stream string, event command.Event) {
	if event.ID == uuid.Nil {
		event.ID = command.NewEventID()
	}
	at := len(e.rows)
	e.rows = append(e.rows, 0, 0, 0, 0)
	e.rows = log.AppendRow(e.rows, stream, event)
	binary.BigEndian.PutUint32(e.rows[at:], uint32(len(e.rows)-at-lengthBytes))
}

// Size is the memory that the entry holds, in bytes, about.
func (e *Entry) Size() int {
	size := int(unsafe.Sizeof(*e)) + cap(e.rows)
	if len(e.parts) > len(e.one) {
		size += cap(e.parts) * int(unsafe.Sizeof(part{}))
	}
	for i := range e.parts {
		size += len(e.parts[i].stream)
	}
	if e.decision != nil {
		size += e.decision.size()
	}
	return size
}

// nextRow cuts the first row from rows.
func nextRow(rows []byte) (row, rest []byte) {
	end := lengthBytes + binary.BigEndian.Uint32(rows)
	return rows[lengthBytes:end:end], rows[end:]
}

func encodedSize(streams []command.StreamWrite) int {
	n := 0
	for i := range streams {
		s := &streams[i]
		for j := range s.Events {
			ev := &s.Events[j]
			n += lengthBytes + rowOverhead + len(s.Stream) + len(ev.Type) + len(ev.Data) + len(ev.Metadata)
		}
	}
	return n
}
