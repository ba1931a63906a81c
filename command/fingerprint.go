package command

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// Fingerprint identifies the content of a command.
type Fingerprint [sha256.Size]byte

// Fingerprint is the SHA-256 of the command's streams, expectations and events as given. An event ID that is yet to be made
// is not part of it, so that a command that is built again for a retry has the fingerprint of the first time. That of a decision, which may come
// out differently each time, is the SHA-256 of the streams that it looks at and its key.
func (c *Command) Fingerprint() Fingerprint {
	w := fingerprinter{sha256.New()}
	if c.Decision != nil {
		subjects := c.Decision.Subjects()
		w.number(-int64(len(subjects)) - 1) // below zero: no command without a decision has this fingerprint
		for i := range subjects {
			w.bytes([]byte(subjects[i].Stream))
		}
		w.bytes(c.Decision.Key())
		return Fingerprint(w.hash.Sum(nil))
	}
	w.number(int64(len(c.Streams)))
	for i := range c.Streams {
		s := &c.Streams[i]
		w.bytes([]byte(s.Stream))
		w.number(int64(s.Expect))
		w.number(int64(len(s.Events)))
		for j := range s.Events {
			e := &s.Events[j]
			w.bytes(e.ID[:])
			w.bytes([]byte(e.Type))
			w.bytes(e.Data)
			w.bytes(e.Metadata)
		}
	}
	return Fingerprint(w.hash.Sum(nil))
}

// fingerprinter frames every part with its length: no two commands feed the hash the same bytes.
type fingerprinter struct{ hash hash.Hash }

func (w fingerprinter) number(n int64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	w.hash.Write(b[:])
}

func (w fingerprinter) bytes(b []byte) {
	w.number(int64(len(b)))
	w.hash.Write(b)
}
