package command

import (
	"encoding/binary"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
)

// NewEventID makes a UUID of version 7 (RFC 9562): 48 bits of milliseconds, 12 bits of their fraction, 62 random bits.
//
// uuid.NewV7 would do but for its cost on the way of every event: a process-wide lock and an allocation. The runtime's
// ChaCha8 generator has neither; an event ID need not be secret.
func NewEventID() uuid.UUID {
	nanos := time.Now().UnixNano()
	millis, rest := uint64(nanos/1e6), uint64(nanos%1e6)
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:], millis<<16|0x7000|rest<<12/1e6)
	binary.BigEndian.PutUint64(id[8:], rand.Uint64()>>2|1<<63)
	return id
}
