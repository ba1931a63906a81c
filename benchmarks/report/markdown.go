package main

import (
	"bytes"
	"fmt"
)

// markdown is the whole report.
func markdown(r *run, drawn []*chart, comments map[string]string) []byte {
	var out bytes.Buffer
	out.WriteString("# Benchmark report\n\n" +
		"One run of the benchmarks, as `make bench-report` wrote it down: nothing here is edited by hand. Every commit is durable. What the\n" +
		"run printed is in [REPORT.txt](REPORT.txt), which [benchstat](https://pkg.go.dev/golang.org/x/perf/cmd/benchstat) reads;\n" +
		"[doc.go](doc.go) says how the figures are taken. What ran several times is shown by its median.\n\n")
	fmt.Fprintf(&out, "    %s\n\n", r.facts.get("Command"))
	writeEnvironment(&out, r.facts)
	writeCharts(&out, drawn)
	out.WriteString("## Tables\n")
	for _, b := range r.benchmarks {
		fmt.Fprintf(&out, "\n### %s\n\n", b.name)
		if comment := comments[b.name]; comment != "" {
			fmt.Fprintf(&out, "%s\n\n", comment)
		}
		writeTable(&out, b.header(), b.rows())
	}
	return out.Bytes()
}

func writeEnvironment(out *bytes.Buffer, all facts) {
	out.WriteString("## Environment\n\n")
	var rows [][]string
	for _, fact := range all {
		if fact.name != "Command" {
			rows = append(rows, []string{fact.name, fact.value})
		}
	}
	writeTable(out, []column{{}, {}}, rows)
	out.WriteString("\n")
}

func writeCharts(out *bytes.Buffer, drawn []*chart) {
	if len(drawn) == 0 {
		return
	}
	out.WriteString("## Charts\n")
	for _, c := range drawn {
		fmt.Fprintf(out, "\n![%s](%s)\n", c.alt(), c.path())
	}
	out.WriteString("\n")
}
