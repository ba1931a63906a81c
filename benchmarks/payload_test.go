package benchmarks

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/groupcommit/groupcommit"
)

// payloadClients are few enough for a batch of large events to be answered several times in a turn.
const payloadClients = 100

// BenchmarkPayload is the throughput at a given size of an event's data, for each type of the column that holds it, one event per command:
// in turn with a store that keeps the same bytes as jsonb, of whose rate x-jsonb is the multiple. At type=jsonb both are the same, and
// x-jsonb shows the noise.
func BenchmarkPayload(b *testing.B) {
	for _, dataType := range []groupcommit.DataType{groupcommit.DataJSONB, groupcommit.DataBytea} {
		for _, bytes := range []int{100, 1000, 10_000} {
			b.Run(fmt.Sprintf("type=%s/bytes=%d", dataType, bytes), func(b *testing.B) { benchmarkPayload(b, dataType, bytes) })
		}
	}
}

func benchmarkPayload(b *testing.B, dataType groupcommit.DataType, bytes int) {
	event := groupcommit.Event{Type: eventType, Data: orderData(b, bytes)}
	s := openStore(b, groupcommit.Config{DataType: dataType}, *streamCount)
	other := openStore(b, groupcommit.Config{DataType: groupcommit.DataJSONB}, *streamCount)
	set := newContestant(newClients(b, payloadClients, s, s.appender(event)))
	jsonb := newContestant(newClients(b, payloadClients, other, other.appender(event)))
	s.commits.reset()
	compare(b, set, jsonb, "x-jsonb")
	set.report(b, "events/s") // one per command
	b.ReportMetric(median(set.rates)*float64(bytes)/1e6, "MB/s")
	s.commits.report(b)
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
