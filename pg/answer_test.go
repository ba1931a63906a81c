package pg

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/bits"
	"slices"
	"testing"

	"github.com/groupcommit/groupcommit/committer"
)

// answers are what a server says when all goes well, message by message, to the commits of each shape.
var answers = []struct {
	rows   uint8
	waits  bool
	frames [][]byte
}{
	{rows: 1, frames: append(slices.Repeat([][]byte{completed("INSERT 0 1")}, 2), ready('I'))},
	{rows: 31, frames: append(slices.Repeat([][]byte{completed("INSERT 0 1")}, 6), ready('I'))},
	{rows: 40, frames: [][]byte{
		completed("BEGIN"), completed("INSERT 0 1"), completed("SET"), completed("COPY 40"), completed("COMMIT"), ready('I'),
	}},
	{rows: 1, waits: true, frames: [][]byte{
		completed("BEGIN"), completed("INSERT 0 1"), completed("SET"), completed("COPY 1"), ready('T'), completed("COMMIT"), ready('I'),
	}},
}

// Whatever a server answers to a commit, and wherever it breaks off: a success is told only where it says that everything is done and no
// transaction is open, and "not written" only where it says that. All else is in doubt.
func FuzzAnswer(f *testing.F) {
	for _, a := range answers {
		add := func(parts ...[]byte) { f.Add(a.rows, a.waits, bytes.Join(parts, nil)) }
		whole := bytes.Join(a.frames, nil)
		add(whole)
		add(bytes.ReplaceAll(whole, ready('T'), ready('I')))
		add(bytes.ReplaceAll(whole, ready('I'), ready('E')))
		add(bytes.ReplaceAll(whole, completed("COMMIT"), completed("ROLLBACK")))
		for i := range a.frames {
			before := bytes.Join(a.frames[:i], nil)
			add(before)
			add(before, ready('I'))
			for _, code := range []string{"08P01", "22P05", "23505", "40001", "57P01", "XX000", ""} {
				add(before, failed("ERROR", code), ready('I'))
				add(before, failed("FATAL", code))
			}
		}
	}
	f.Fuzz(func(t *testing.T, rows uint8, waits bool, answer []byte) {
		first, rest := hear(answer)
		second, _ := hear(rest)
		if first.long || second.long {
			t.Skip("the driver makes room for all that a message says it holds")
		}
		a := &attempt{ctx: t.Context(), conn: answering(t, &first, rest), commit: commitOf(max(1, int(rows%64)))}
		if waits {
			a.link = &committer.Link{Owned: func() {}, Await: func(context.Context) error { return nil }}
		}
		err := a.run(&Store{})
		written, notWritten := mean(&first, &second, len(a.commit.Rows), waits)
		f, _ := errors.AsType[*committer.Failure](err)
		switch {
		case err == nil && !written:
			t.Errorf("told as written on %q", answer)
		case err != nil && f == nil:
			t.Errorf("got %v, which is no Failure", err)
		case err != nil && f.Class != committer.InDoubt && !notWritten:
			t.Errorf("told %v on %q", f, answer)
		}
	})
}

// mean is what may be understood of one answer or two.
func mean(first, second *heard, rows int, waits bool) (written, notWritten bool) {
	const (
		work    = 4 // statements of a commit with COPY: BEGIN, two of it and COPY itself
		andLast = work + 1
	)
	inserts := 1 + bits.OnesCount(uint(rows)) // one for each size, and one for the commit
	switch {
	case waits:
		begun := !first.failed && first.completed == work && first.status == 'T'
		return begun && second.succeeded(1), !begun || second.denied(0)
	case rows <= maxInserts: // after an error the rows may be sent again, with COPY
		return first.succeeded(inserts) || first.failed && second.succeeded(andLast), first.denied(inserts)
	default:
		return first.succeeded(andLast), first.denied(work)
	}
}

// heard is an answer up to ReadyForQuery, or to where it breaks off.
type heard struct {
	bytes     []byte
	completed int
	tag       string // of what was completed last
	failed    bool   // there is an error in it
	before    int    // completed before the first
	deferred  bool   // it is one that comes of constraints only
	status    byte   // at ReadyForQuery
	long      bool   // a message says that it is
}

// succeeded tells that so many statements were all, and nothing is left open.
func (h *heard) succeeded(statements int) bool {
	return !h.failed && h.completed == statements && h.status == 'I' && h.tag != "ROLLBACK"
}

// denied tells that nothing of it was written, where so many statements stand before what commits.
func (h *heard) denied(work int) bool {
	return h.failed && (h.before < work || h.deferred) || h.tag == "ROLLBACK" && h.status == 'I'
}

func hear(answer []byte) (h heard, rest []byte) {
	for rest = answer; len(rest) >= 5 && h.status == 0; {
		size := uint64(binary.BigEndian.Uint32(rest[1:]))
		h.long = h.long || size > 1<<20
		if size < 4 || size+1 > uint64(len(rest)) {
			break
		}
		h.take(rest[0], rest[5:size+1])
		rest = rest[size+1:]
	}
	if h.status == 0 {
		rest = nil
	}
	h.bytes = answer[:len(answer)-len(rest)]
	return h, rest
}

func (h *heard) take(kind byte, body []byte) {
	switch kind {
	case 'C':
		h.completed++
		h.tag = string(bytes.TrimSuffix(body, []byte{0}))
	case 'E':
		if !h.failed {
			h.failed, h.before = true, h.completed
		}
		h.deferred = h.deferred || bytes.Contains(body, []byte("C23"))
	case 'Z':
		if len(body) == 1 {
			h.status = body[0]
		}
	}
}
