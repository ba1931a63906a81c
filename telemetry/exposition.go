package telemetry

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/groupcommit/groupcommit/stats"
)

// writeMetrics writes all families as one look at the store has them.
func (t *Telemetry) writeMetrics(w io.Writer) {
	v := view{stats: t.store.Stats(), lags: t.lags(), targets: t.Targets()}
	out := bufio.NewWriter(w)
	for i := range families {
		families[i].write(out, &v)
	}
	_ = out.Flush() // who went away has no need of it
}

func (f *family) write(w io.Writer, v *view) {
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", f.name, f.help, f.name, f.kind)
	if f.histogram != nil {
		f.writeHistogram(w, f.histogram(&v.stats))
		return
	}
	for _, value := range f.values(v) {
		if f.label == "" {
			fmt.Fprintf(w, "%s %s\n", f.name, number(value.number))
			continue
		}
		fmt.Fprintf(w, "%s{%s=\"%s\"} %s\n", f.name, f.label, escape.Replace(value.label), number(value.number))
	}
}

// writeHistogram writes buckets as Prometheus has them: each counts everything up to its bound.
func (f *family) writeHistogram(w io.Writer, h *stats.Histogram) {
	total := uint64(0)
	for i, bound := range h.Bounds {
		total += h.Counts[i]
		fmt.Fprintf(w, "%s_bucket{le=\"%s\"} %d\n", f.name, number(bound), total)
	}
	total = h.Count()
	fmt.Fprintf(w, "%s_bucket{le=\"+Inf\"} %d\n%s_sum %s\n%s_count %d\n", f.name, total, f.name, number(h.Sum), f.name, total)
}

func number(n float64) string { return strconv.FormatFloat(n, 'g', -1, 64) }

// escape makes a label's value of any text.
var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
