package benchmarks

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/groupcommit/groupcommit"
)

const payloadClients = 1000

// BenchmarkPayload is the throughput at a given size of an event's data, for each type of the column that holds it: one event per
// command.
func BenchmarkPayload(b *testing.B) {
	for _, column := range []struct {
		name   string
		config groupcommit.Config
	}{
		{"jsonb", groupcommit.Config{}},
	} {
		for _, bytes := range []int{100, 1000, 10_000} {
			b.Run(fmt.Sprintf("type=%s/bytes=%d", column.name, bytes), func(b *testing.B) {
				s := openStore(b, column.config, *streamCount)
				event := groupcommit.Event{Type: eventType, Data: orderData(b, bytes)}
				b.SetBytes(int64(bytes))
				runLoad(b, s, newClients(b, payloadClients, s, s.appender(event)))
			})
		}
	}
}

// orderData is an order with as many items as fit into so many bytes of JSON, and a note that fills them.
func orderData(tb testing.TB, bytes int) []byte {
	tb.Helper()
	type item struct {
		Product  string `json:"product"`
		Quantity int    `json:"quantity"`
		Price    int    `json:"price"`
	}
	order := struct {
		Order    string `json:"order"`
		Customer string `json:"customer"`
		Items    []item `json:"items,omitempty"`
		Note     string `json:"note"`
	}{Order: "3f0c2b7e-6a41-4d0b-9a55-1f6f2f3f9d10", Customer: "cust0042"}
	encode := func() []byte {
		data, err := json.Marshal(order)
		if err != nil {
			tb.Fatal(err)
		}
		return data
	}
	for i := 0; len(encode())+80 < bytes; i++ {
		order.Items = append(order.Items, item{Product: fmt.Sprintf("prod%04d", i*37%1000), Quantity: 1 + i%5, Price: 99 + i*731%10_000})
	}
	order.Note = strings.Repeat("ring ", bytes)[:bytes-len(encode())]
	return encode()
}

func TestOrderData(t *testing.T) {
	for _, bytes := range []int{100, 1000, 10_000} {
		if data := orderData(t, bytes); len(data) != bytes || !json.Valid(data) {
			t.Errorf("%d bytes, want %d of JSON: %s", len(data), bytes, data)
		}
	}
}
