package command_test

import (
	"bytes"
	"encoding/binary"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
)

func TestNewEventIDForm(t *testing.T) {
	for range 1000 {
		id := command.NewEventID()
		if id.Version() != 7 || id.Variant() != uuid.RFC4122 {
			t.Fatalf("%s is of version %d and variant %s", id, id.Version(), id.Variant())
		}
	}
}

// The first 60 bits that are not the version tell the time, and so order IDs by it.
func TestNewEventIDTellsTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const fractions = 1 << 12 // of a millisecond
		last := command.NewEventID()
		for _, step := range []time.Duration{
			time.Microsecond, 999 * time.Microsecond, time.Millisecond, time.Millisecond - time.Nanosecond, time.Nanosecond,
			time.Second, 123456789 * time.Nanosecond, time.Hour, 365 * 24 * time.Hour,
		} {
			time.Sleep(step)
			id, now := command.NewEventID(), time.Now()
			bits := binary.BigEndian.Uint64(id[:])
			if millis := int64(bits >> 16); millis != now.UnixMilli() {
				t.Errorf("%s tells millisecond %d at %d", id, millis, now.UnixMilli())
			}
			if fraction, want := bits&0xfff, uint64(now.UnixNano()%1e6)*fractions/1e6; fraction != want {
				t.Errorf("%s tells fraction %d, want %d", id, fraction, want)
			}
			if step >= time.Microsecond && bytes.Compare(last[:], id[:]) >= 0 {
				t.Errorf("%s is not before %s, %v later", last, id, step)
			}
			last = id
		}
	})
}

func TestNewEventIDIsUnique(t *testing.T) {
	const n = 100_000
	synctest.Test(t, func(t *testing.T) { // at one moment: the time tells none from another
		seen := make(map[uuid.UUID]struct{}, n)
		for range n {
			seen[command.NewEventID()] = struct{}{}
		}
		if len(seen) != n {
			t.Errorf("%d different IDs of %d", len(seen), n)
		}
	})
}
