package workload

import (
	"testing"

	"github.com/groupcommit/groupcommit"
)

func TestReceiptsTellWhatTheyTake(t *testing.T) {
	receipts := NewReceipts(inMemory(t))
	before := receipts.Bytes()
	for range 100 {
		mustAppend(t, receipts, "s", groupcommit.Any, groupcommit.Event{Type: "Happened"})
	}
	// Two positions and a fingerprint each, and room for more.
	if grown := receipts.Bytes() - before; grown < 100*24 || grown > 300*24 {
		t.Errorf("100 receipts take %d bytes", grown)
	}
}
