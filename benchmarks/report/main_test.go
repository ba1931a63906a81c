package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The benchmarks are a program that prints what they printed once.
func TestReport(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "x_test.go"), "package x\n\n// BenchmarkSubmit is what it\n// costs.\nfunc BenchmarkSubmit() {}\n")
	if err := report(t.Context(), dir, []string{"sed", "/^# /d", "testdata/REPORT.txt"}); err != nil {
		t.Fatal(err)
	}
	text := readFile(t, filepath.Join(dir, "REPORT.md"))
	for _, want := range []string{
		"    sed '/^# /d' testdata/REPORT.txt\n",
		"| PostgreSQL | 1",
		"one INSERT, unchecked: 14,100",
		"(plots/throughput.svg)",
		"### Submit\n\nBenchmarkSubmit is what it costs.\n\n| check | ns/op |",
		"| 5ms | 4,000 | 76,000 | 950 | 80 |\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	for _, name := range []string{"throughput", "latency", "batchsize", "roundtrip", "workloads"} {
		if readFile(t, filepath.Join(dir, "plots", name+".svg")) == "" {
			t.Errorf("there is no chart %s", name)
		}
	}

	if err := report(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	if again := readFile(t, filepath.Join(dir, "REPORT.md")); again != text {
		t.Errorf("made anew it is\n%s", again)
	}
}

func TestReportLeavesNoOldChart(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "REPORT.txt"), readFile(t, "testdata/REPORT.txt"))
	if err := report(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "REPORT.txt"), "BenchmarkSubmit 1 5 ns/op\nok  \tx\n")
	if err := report(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "plots", "*")); len(left) > 0 {
		t.Errorf("%s", left)
	}
	if text := readFile(t, filepath.Join(dir, "REPORT.md")); strings.Contains(text, "## Charts") || !strings.Contains(text, "### Submit") {
		t.Errorf("%s", text)
	}
}

func TestReportOfAFailure(t *testing.T) {
	dir := t.TempDir()
	err := report(t.Context(), dir, []string{"sh", "-c", "echo what it printed; exit 3"})
	if err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("%v", err)
	}
	if text := readFile(t, filepath.Join(dir, "REPORT.txt")); !strings.Contains(text, "what it printed\n") {
		t.Errorf("%s", text)
	}
	if _, err := os.Stat(filepath.Join(dir, "REPORT.md")); err == nil {
		t.Error("there is a report")
	}
}

func TestShellLine(t *testing.T) {
	if got, want := shellLine([]string{"go", "test", "-run=^$", "it's", "./x/..."}), `go test '-run=^$' 'it'\''s' ./x/...`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Every benchmark has to say what it is: the report repeats it.
func TestComments(t *testing.T) {
	comments, err := readComments("..")
	if err != nil {
		t.Fatal(err)
	}
	if len(comments) < 5 {
		t.Errorf("of the benchmarks there are %d", len(comments))
	}
	for name, comment := range comments {
		if !strings.HasPrefix(comment, "Benchmark"+name+" ") {
			t.Errorf("Benchmark%s: %q", name, comment)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
