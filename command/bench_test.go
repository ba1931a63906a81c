package command_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/groupcommit/groupcommit/command"
)

// order is data of 230 bytes, as it might be of an event.
const order = `{"order":"3f0c2b7e-6a41-4d0b-9a55-1f6f2f3f9d10","customer":"cust0042",` +
	`"items":[{"product":"prod0007","quantity":3,"price":1999},{"product":"prod0009","quantity":1,"price":2490}],` +
	`"total":8487,"currency":"EUR","note":"ring at door"}`

// BenchmarkCheckJSON is what Check costs for one event; nearly all of it is the check of the data.
func BenchmarkCheckJSON(b *testing.B) {
	for _, c := range []struct{ name, data string }{
		{"flat", `{"id":"acc0017","amount":100,"open":true}`},
		{"order", order},
		{"orders", list(44, order)}, // 10 kB
		{"spaced", strings.NewReplacer(`{`, "{\n    ", `,`, ",\n    ", `:`, `: `).Replace(order)},
		{"strings", list(10, `"`+strings.Repeat("The quick brown fox jumps over the lazy dog. ", 20)+`"`)},
		{"numbers", list(200, `0,17,-50321,129.95,-6.02e+23`)},
		{"escapes", list(100, `"a \"quoted\" word\n\u00e9\ud83d\ude00"`)},
		{"German", list(20, `"Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich."`)},
		{"Japanese", list(20, `"色は匂へど散りぬるを我が世誰ぞ常ならむ有為の奥山今日越えて浅き夢見じ酔ひもせず"`)},
	} {
		b.Run("data="+c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.data)))
			benchmarkCheck(b, command.To("s", command.Any, command.Event{Type: "E", Data: []byte(c.data)}))
		})
	}
}

// BenchmarkCheckStreams is what Check costs for a command that writes to several streams.
func BenchmarkCheckStreams(b *testing.B) {
	for _, n := range []int{1, 2, 4, 8, 100} {
		b.Run(fmt.Sprintf("streams=%d", n), func(b *testing.B) {
			cmd := command.Command{Streams: repeat(n, command.StreamWrite{Events: []command.Event{happened}})}
			for i := range cmd.Streams {
				cmd.Streams[i].Stream = fmt.Sprintf("product-%04d", i)
			}
			benchmarkCheck(b, cmd)
		})
	}
}

func benchmarkCheck(b *testing.B, cmd command.Command) {
	limits := command.Limits{}.WithDefaults()
	b.ReportAllocs()
	for b.Loop() {
		if err := cmd.Check(&limits); err != nil {
			b.Fatal(err)
		}
	}
}

func list(n int, value string) string {
	return "[" + strings.Join(repeat(n, value), ",") + "]"
}
