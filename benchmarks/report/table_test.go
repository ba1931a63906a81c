package main

import (
	"bytes"
	"testing"
)

func tableOf(b *benchmark) string {
	var out bytes.Buffer
	writeTable(&out, b.header(), b.rows())
	return out.String()
}

func TestTable(t *testing.T) {
	for name, want := range map[string]string{
		"Submit": `| check | ns/op | B/op | allocs/op |
| --- | ---: | ---: | ---: |
| on | 2,100 | 992 | 2 |
| off | 1,500 | 992 | 2 |
`,
		// It does not report the time of an operation, so there is nothing per operation.
		"Ceiling": `| cores | commands/commit | copy-events/s | copy1-events/s | copy2-events/s | copy3-events/s | events/s | ratio |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| shared | 1,000 | 131,000 | 90,000 | 131,000 | 129,000 | 88,000 | 0.67 |
| apart | 1,000 | 97,000 | 90,000 | 97,000 | 92,000 | 96,000 | 0.99 |
`,
		// Its own metrics come before the standard ones.
		"Memory": `| commands/s | first-MB | last-MB | sys-MB | ns/op |
| ---: | ---: | ---: | ---: | ---: |
| 83,000 | 61.2 | 62.4 | 142 | 10,000,000,000 |
`,
	} {
		t.Run(name, func(t *testing.T) {
			if got := tableOf(saved(t).benchmark(name)); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

func TestTableOfUnlikeResults(t *testing.T) {
	r, err := parseRun([]byte("BenchmarkX/a=1/b=2-1 1 5 ns/op 7 p|q\nBenchmarkX/a=1/b=2-4 1 6 ns/op\nBenchmarkX/a=3-1 1 8 ns/op\nok  \tx\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := `| a | b | GOMAXPROCS | p\|q | ns/op |
| ---: | --- | ---: | ---: | ---: |
| 1 | 2 | 1 | 7 | 5 |
| 1 | 2 | 4 |  | 6 |
| 3 |  | 1 |  | 8 |
`
	if got := tableOf(r.benchmark("X")); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
