package main

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/oracle"
)

// readPause is how long a reader waits between two looks for what is new.
const readPause = 100 * time.Millisecond

// read follows the log with the store of a writer, through all that befalls it, and tells what it has seen.
func (w *writer) read(ctx context.Context) {
	end, digest := w.After, uint64(0)
	for {
		began := now()
		var failed error
		for event, err := range w.store.Load().ReadAll(ctx, groupcommit.After(end)) {
			if failed = err; err != nil {
				break
			}
			end, digest = event.Position, extend(digest, &event)
		}
		s := &sight{Look: oracle.Look{Began: began, Ended: now(), End: end}, Digest: digest}
		if errors.Is(failed, groupcommit.ErrDamaged) {
			s.Skip = failed.Error()
		}
		if failed == nil || s.Skip != "" {
			w.report(report{Sight: s})
		}
		if !pause(ctx, readPause) {
			return
		}
	}
}

// extend gives the digest of a log that has grown by an event.
func extend(digest uint64, e *groupcommit.RecordedEvent) uint64 {
	h := fnv.New64a()
	var b []byte
	for _, n := range []uint64{digest, uint64(e.Position), uint64(e.Version), uint64(e.RecordedAt.UnixMicro())} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	b = append(b, e.ID[:]...)
	b = append(b, e.Stream...)
	b = append(b, e.Data...)
	_, _ = h.Write(b)
	return h.Sum64()
}
