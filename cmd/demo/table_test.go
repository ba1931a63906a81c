package main

import (
	"strings"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit/internal/workload"
)

func screen() (*terminal, *strings.Builder) {
	var text strings.Builder
	return &terminal{out: &text}, &text
}

func TestTable(t *testing.T) {
	out, text := screen()
	out.printHead()
	first := &series{name: "W1a", title: "a bank", reference: financial}
	second := &series{name: "W4", title: "a service"}
	entry := new(report).add(first)
	out.printSeries(first, nil)
	out.printRun(entry.add(first, &workload.Result{
		Clients: 100, Commands: 15_000, Events: 20_000, Conflicts: 4321, Refusals: 7, Errors: 1, Took: 2 * time.Second,
		Latency: workload.Latency{Min: 250 * time.Microsecond, P50: 2 * time.Millisecond, P95: 9900 * time.Microsecond, P99: 98_760 * time.Microsecond, Max: 1234 * time.Millisecond},
	}, 20.04))
	out.printLags([]lagReport{{"balances", 12_345, 45.67}, {"stock", 1, 0.5}})
	out.printSeries(second, first)
	out.printRun(new(report).add(second).add(second, &workload.Result{Clients: 1, Commands: 1, Took: time.Second}, 1))
	want := `
                                            latency in ms         total              per
clients  commands/s  events/s    min    P50    P95    P99    max      s  success  commit  conflicts  refused  target

W1a  a bank
EventCore: 86 commands/s, P50 10.8, P95 14.0, P99 29.2 ms; its target: 5,000-10,000 commands/s, P95 below 10 ms
    100       7,500    10,000   0.25   2.00   9.90   98.8  1,234   2.00  99.99 %    20.0      4,321        7     met
read models: balances 12,345 events behind, 45.7 ms; stock 1 event behind, 0.50 ms

W4  a service
      1           1         0   0.00   0.00   0.00   0.00   0.00   1.00    100 %     1.0          0        0       -
`
	if got := text.String(); got != strings.TrimPrefix(want, "\n") {
		t.Errorf("got:\n%s\nwant:%s", got, want)
	}
}

func TestAReferenceIsPrintedOnce(t *testing.T) {
	out, text := screen()
	first, second := &series{name: "W1a", reference: financial}, &series{name: "W1b", reference: financial}
	out.printSeries(first, nil)
	out.printSeries(second, first)
	if n := strings.Count(text.String(), "EventCore"); n != 1 {
		t.Errorf("printed %d times:\n%s", n, text)
	}
}

func TestTheWidestRowFits(t *testing.T) {
	met := false
	huge := latencyReport{9_999, 9_999, 9_999, 9_999, 99_999}
	out, text := screen()
	out.printRun(&runReport{
		Clients: 99_999, CommandsPerSecond: 999_999, EventsPerSecond: 999_999, LatencyMS: huge, Seconds: 99, SuccessRate: 0.1234,
		CommandsPerCommit: 1000, Conflicts: 9_999_999, Refusals: 999_999, TargetMet: &met,
	})
	checkWidth(t, text.String())
}

func TestNumbers(t *testing.T) {
	for got, want := range map[string]string{
		thousands(0):         "0",
		thousands(999):       "999",
		thousands(1000):      "1,000",
		thousands(1_234_567): "1,234,567",
		thousands(-123):      "-123",
		thousands(-1234):     "-1,234",
		latency(0.254):       "0.25",
		latency(9.99):        "9.99",
		latency(9.996):       "10.0",
		latency(98.76):       "98.8",
		latency(99.96):       "100",
		latency(1234.6):      "1,235",
		percent(1):           "100 %",
		percent(0.99999):     "99.99 %",
		percent(0):           "0.00 %",
		plural(1, "client"):  "1 client",
		plural(10, "client"): "10 clients",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestTargets(t *testing.T) {
	result := func(commands, events int, p95 time.Duration) *workload.Result {
		return &workload.Result{Commands: commands, Events: events, Took: time.Second, Latency: workload.Latency{P95: p95}}
	}
	for _, test := range []struct {
		reference reference
		result    *workload.Result
		met       bool
	}{
		{financial, result(5000, 6670, 9*time.Millisecond), true},
		{financial, result(4999, 6670, 9*time.Millisecond), false},
		{financial, result(5000, 6670, 10*time.Millisecond), false},
		{orders, result(2000, 9000, time.Second), true},
		{orders, result(1999, 9000, time.Millisecond), false},
		{batches, result(200, 20_000, time.Second), true},
		{batches, result(200, 19_999, time.Second), false},
	} {
		if got := test.reference.met(test.result); got != test.met {
			t.Errorf("%s, %+v: met %t", test.reference.Target, test.result, got)
		}
	}
}

func TestServerThatIsNotDurableIsCalledSo(t *testing.T) {
	durable := serverFacts{Version: "18.1", Fsync: "on", FullPageWrites: "on", SynchronousCommit: "on"}
	for name, spoil := range map[string]func(*serverFacts){
		"as it should be":        func(*serverFacts) {},
		"no fsync":               func(f *serverFacts) { f.Fsync = "off" },
		"no full_page_writes":    func(f *serverFacts) { f.FullPageWrites = "off" },
		"no synchronous_commit":  func(f *serverFacts) { f.SynchronousCommit = "off" },
		"a local commit will do": func(f *serverFacts) { f.SynchronousCommit = "local" },
	} {
		facts := durable
		spoil(&facts)
		out, text := screen()
		out.printServer(&server{facts: facts})
		if got, want := strings.Contains(text.String(), "NOT DURABLE"), strings.HasPrefix(name, "no "); got != want {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// Who wants to look into a throw-away server has to be told where it is. Of one that was named, there may be a password in the URL.
func TestServerOfOursIsToldWhereItIs(t *testing.T) {
	for _, ours := range []bool{true, false} {
		out, text := screen()
		out.printServer(&server{url: "postgres://here", facts: serverFacts{ThrowAway: ours}})
		if strings.Contains(text.String(), " postgres://here\n") != ours {
			t.Errorf("ours is %t: %s", ours, text)
		}
	}
}
