package reading_test

import (
	"testing"

	"github.com/groupcommit/groupcommit/internal/conformance"
	"github.com/groupcommit/groupcommit/reading"
)

// What is appended while streams are being read is not read through: the first page of it ends the stream.
func TestReadStreamsEndsWhereTheLogDid(t *testing.T) {
	r, _, log, chain := newReader(t, reading.Config{})
	chain.Append(conformance.Events("s", 2))
	var read int
	for _, err := range r.ReadStreams(t.Context(), []string{"s"}, reading.PageSize(1)) {
		if err != nil {
			t.Fatal(err)
		}
		if read++; read == 1 {
			chain.Append(conformance.Events("s", 50))
		}
	}
	if reads := log.reads.Load(); read != 2 || reads != 3 {
		t.Errorf("%d events with %d reads, want 2 with one each, and one beyond", read, reads)
	}
}
