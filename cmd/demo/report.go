package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/groupcommit/groupcommit/internal/workload"
)

// report is what DEMO_REPORT gets.
type report struct {
	StartedAt   time.Time       `json:"started_at"`
	Seconds     float64         `json:"seconds"`
	Interrupted bool            `json:"interrupted"`
	Go          string          `json:"go"`
	Platform    string          `json:"platform"`
	CPUs        int             `json:"cpus"`
	PostgreSQL  serverFacts     `json:"postgresql"`
	Workloads   []*seriesReport `json:"workloads"`
	Audit       *auditReport    `json:"audit"` // null when the log was not read back
}

type seriesReport struct {
	Name      string      `json:"name"`
	Title     string      `json:"title"`
	EventCore *reference  `json:"eventcore"` // null where it did not report this workload
	Runs      []runReport `json:"runs"`
}

type runReport struct {
	Clients           int           `json:"clients"`
	CommandsPerSecond float64       `json:"commands_per_second"`
	EventsPerSecond   float64       `json:"events_per_second"`
	LatencyMS         latencyReport `json:"latency_ms"`
	Seconds           float64       `json:"seconds"`
	SuccessRate       float64       `json:"success_rate"`
	CommandsPerCommit float64       `json:"commands_per_commit"`
	Commands          int           `json:"commands"`
	Events            int           `json:"events"`
	Conflicts         int           `json:"conflicts"`
	Refusals          int           `json:"refusals"`
	Errors            int           `json:"errors"`
	TargetMet         *bool         `json:"target_met"`  // null where there is none
	ReadModels        []lagReport   `json:"read_models"` // as they were when the last command had its verdict
}

// lagReport says how far behind the log a read model was.
type lagReport struct {
	ReadModel string  `json:"read_model"`
	Events    int64   `json:"events_behind"`
	MS        float64 `json:"ms_behind"` // since the oldest of them was committed
}

type latencyReport struct {
	Min float64 `json:"min"`
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

func newReport() report {
	return report{
		StartedAt: time.Now(),
		Go:        runtime.Version(),
		Platform:  runtime.GOOS + "/" + runtime.GOARCH,
		CPUs:      runtime.NumCPU(),
	}
}

func (r *report) finish(interrupted bool) {
	r.Seconds = time.Since(r.StartedAt).Seconds()
	r.Interrupted = interrupted
}

func (r *report) add(s *series) *seriesReport {
	entry := &seriesReport{Name: s.name, Title: s.title, Runs: []runReport{}}
	if s.reference.set() {
		entry.EventCore = &s.reference
	}
	r.Workloads = append(r.Workloads, entry)
	return entry
}

func (r *seriesReport) add(s *series, result *workload.Result, perCommit float64) *runReport {
	run := runReport{
		Clients:           result.Clients,
		CommandsPerSecond: result.CommandsPerSecond(),
		EventsPerSecond:   result.EventsPerSecond(),
		LatencyMS: latencyReport{
			Min: milliseconds(result.Latency.Min),
			P50: milliseconds(result.Latency.P50),
			P95: milliseconds(result.Latency.P95),
			P99: milliseconds(result.Latency.P99),
			Max: milliseconds(result.Latency.Max),
		},
		Seconds:           result.Took.Seconds(),
		SuccessRate:       result.SuccessRate(),
		CommandsPerCommit: perCommit,
		Commands:          result.Commands,
		Events:            result.Events,
		Conflicts:         result.Conflicts,
		Refusals:          result.Refusals,
		Errors:            result.Errors,
	}
	if s.reference.set() {
		met := s.reference.met(result)
		run.TargetMet = &met
	}
	r.Runs = append(r.Runs, run)
	return &r.Runs[len(r.Runs)-1]
}

// lags are the longest of the read models after any run.
func (r *seriesReport) lags() (most []lagReport) {
	for _, run := range r.Runs {
		for i, lag := range run.ReadModels {
			if i == len(most) {
				most = append(most, lag)
			}
			most[i].Events, most[i].MS = max(most[i].Events, lag.Events), max(most[i].MS, lag.MS)
		}
	}
	return most
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }

// checkReport makes sure that the report can be written, before there is one. A file that is there stays as it is.
func (c *config) checkReport() error {
	if c.Report == "" {
		return nil
	}
	file, err := os.OpenFile(c.Report, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("DEMO_REPORT: %w", err)
	}
	return file.Close()
}

// write makes a file of the report.
func (r *report) write(path string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}
