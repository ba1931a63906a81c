package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/internal/workload"
)

// small is a demo of a moment.
func small(t *testing.T) *config {
	t.Helper()
	return &config{
		HotClients:   []int{1, 4},
		BatchClients: []int{2},
		ManyClients:  []int{8},
		Streams:      50,
		RunFor:       time.Minute,
		Commands:     60,
		Report:       filepath.Join(t.TempDir(), "report.json"),
	}
}

// inMemory is a demo and a store for it, whose read models are in a database.
func inMemory(t *testing.T, c *config, out io.Writer) (*demo, *groupcommit.Store) {
	t.Helper()
	d := newDemo(c, &terminal{out: out})
	store, err := groupcommit.OpenInMemory(d.storeConfig(&server{}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := closeStore(store); err != nil {
			t.Error(err)
		}
	})
	d.projections = projecting(t, store)
	return d, store
}

func readReport(t *testing.T, path string) report {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDemo(t *testing.T) {
	url := pgtest.URL(t)
	t.Setenv("DATABASE_URL", url)
	c := small(t)
	var text strings.Builder
	if err := newDemo(c, &terminal{out: &text}).run(t.Context()); err != nil {
		t.Fatal(err)
	}
	checkWidth(t, text.String())
	if strings.Contains(text.String(), "\x1b") || strings.Contains(text.String(), "\r") {
		t.Errorf("not plain:\n%s", text.String())
	}

	r := readReport(t, c.Report)
	var names []string
	for _, w := range r.Workloads {
		names = append(names, w.Name)
		if !strings.Contains(text.String(), w.Name+"  "+w.Title) {
			t.Errorf("%s is not in the table", w.Name)
		}
		for _, run := range w.Runs {
			if len(run.ReadModels) != 2 || run.ReadModels[0].ReadModel != "balances" || run.ReadModels[1].ReadModel != "stock" {
				t.Errorf("%s: %+v", w.Name, run.ReadModels)
			}
			if run.Commands == 0 || run.SuccessRate != 1 || run.CommandsPerCommit < 1 || run.LatencyMS.Min <= 0 || run.Refusals > 0 {
				t.Errorf("%s: %+v", w.Name, run)
			}
		}
	}
	if got, want := strings.Join(names, ", "), "W1a, W1b, W2, W3 100x100, W3 50x200, W4"; got != want {
		t.Errorf("workloads %s, want %s", got, want)
	}
	// The preload; 60 commands by each of 1 and 4 clients: W1a 80, W1b 100, W2 270 events; W3 twice 10,000; W4 60.
	if want := 80 + 2*(80+100+270) + 20_000 + 60; r.Audit == nil || r.Audit.Events != want || len(r.Audit.Invariants) != 8 {
		t.Errorf("%+v, want %d events", r.Audit, want)
	}
	if r.Interrupted || !strings.HasPrefix(r.PostgreSQL.Version, "1") || r.PostgreSQL.Fsync != "on" || r.PostgreSQL.ThrowAway {
		t.Errorf("%+v", r)
	}
	if left := count(t, "SELECT count(*) FROM pg_namespace WHERE nspname = '"+r.PostgreSQL.Schema+"'"); left != 0 {
		t.Errorf("the schema %s is still there", r.PostgreSQL.Schema)
	}
}

func count(t *testing.T, sql string) (n int) {
	t.Helper()
	if err := pgtest.Conn(t).QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// stopper ends the demo's context when a text is printed.
type stopper struct {
	strings.Builder
	at   string
	stop context.CancelFunc
}

func (s *stopper) Write(p []byte) (int, error) {
	if strings.Contains(string(p), s.at) {
		s.stop()
	}
	return s.Builder.Write(p)
}

func TestInterruptedDemoStillChecksAndReports(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := small(t)
	out := &stopper{at: "W2", stop: cancel}
	d, store := inMemory(t, c, out)
	if err := d.workloads(ctx, store); !errors.Is(err, errInterrupted) {
		t.Errorf("%v", err)
	}
	r := readReport(t, c.Report)
	if !r.Interrupted || len(r.Workloads) != 3 || r.Audit == nil || r.Audit.violation() != nil {
		t.Errorf("%+v", r)
	}
	if text := out.String(); !strings.Contains(text, "Interrupted") || !strings.Contains(text, "ok  the money adds up") {
		t.Errorf("%s", text)
	}
}

func TestInterruptionBeforeTheServerIsThere(t *testing.T) {
	t.Setenv("DATABASE_URL", pgtest.URL(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := newDemo(small(t), &terminal{out: io.Discard}).run(ctx); !errors.Is(err, errInterrupted) {
		t.Errorf("%v", err)
	}
}

func TestViolatedInvariantIsAnError(t *testing.T) {
	c := small(t)
	var text strings.Builder
	d, store := inMemory(t, c, &text)
	if _, err := store.Append(t.Context(), groupcommit.To("s", groupcommit.NoStream, groupcommit.Event{Type: "NotOurs"})); err != nil {
		t.Fatal(err)
	}
	err := d.workloads(t.Context(), store)
	if err == nil || !strings.Contains(err.Error(), "position 1 was never acknowledged") {
		t.Errorf("%v", err)
	}
	if !strings.Contains(text.String(), "NO  the log is exactly what was acknowledged: position 1") {
		t.Errorf("%s", text.String())
	}
	if r := readReport(t, c.Report); r.Audit == nil || r.Audit.Invariants[4].Holds {
		t.Errorf("%+v", r.Audit)
	}
}

// spoiler changes a read model when a text is printed.
type spoiler struct {
	strings.Builder
	at    string
	spoil func()
}

func (s *spoiler) Write(p []byte) (int, error) {
	if strings.Contains(string(p), s.at) {
		s.spoil()
	}
	return s.Builder.Write(p)
}

func TestReadModelThatDiffersIsAnError(t *testing.T) {
	out := &spoiler{at: "W4"}
	d, store := inMemory(t, small(t), out)
	out.spoil = func() {
		pgtest.Exec(t, "UPDATE "+d.projections.models[1].(*sums[workload.Stock]).table+" SET reserved = reserved - 1 WHERE stream = 'product-prod0003'")
	}
	err := d.workloads(t.Context(), store)
	if err == nil || !strings.Contains(err.Error(), "the read model stock is what the log says: of product-prod0003 it has") {
		t.Errorf("%v", err)
	}
	if text := out.String(); !strings.Contains(text, "ok  the read model balances") || !strings.Contains(text, "NO  the read model stock") {
		t.Errorf("%s", text)
	}
}

func TestFailedCommandIsAnErrorAndEndsTheRuns(t *testing.T) {
	c := small(t)
	c.Store.MaxCommandEvents = 50
	d, store := inMemory(t, c, io.Discard)
	err := d.workloads(t.Context(), store)
	if _, ok := errors.AsType[*groupcommit.InvalidError](err); !ok || !strings.Contains(err.Error(), "W3 100x100 with 2 clients: 100 commands failed") {
		t.Errorf("%v", err)
	}
	r := readReport(t, c.Report)
	last := r.Workloads[len(r.Workloads)-1]
	if len(r.Workloads) != 4 || last.Runs[0].Errors != 100 || last.Runs[0].SuccessRate != 0 || r.Audit == nil || r.Audit.violation() != nil {
		t.Errorf("%+v", r)
	}
}

func TestReportThatCannotBeWrittenIsAnError(t *testing.T) {
	c := small(t)
	c.HotClients, c.BatchClients, c.ManyClients = nil, nil, []int{1}
	c.Report = filepath.Join(t.TempDir(), "no", "such", "directory")
	var text strings.Builder
	d, store := inMemory(t, c, &text)
	if err := d.workloads(t.Context(), store); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if !strings.Contains(text.String(), "The log was read back") {
		t.Errorf("%s", text.String())
	}
}

// It is noticed before anything is run.
func TestReportThatCannotBeWrittenIsNoticedAtOnce(t *testing.T) {
	c := small(t)
	c.Report = filepath.Join(t.TempDir(), "no", "such", "directory")
	t.Setenv("DATABASE_URL", "postgres://127.0.0.1:1/nowhere")
	err := newDemo(c, &terminal{out: io.Discard}).run(t.Context())
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "DEMO_REPORT") {
		t.Errorf("%v", err)
	}
}

func TestServerThatIsNotThereIsAnError(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://user:secret@127.0.0.1:1/nowhere")
	err := newDemo(small(t), &terminal{out: io.Discard}).run(t.Context())
	if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v", err)
	}
}
