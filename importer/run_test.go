package importer_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/importer"
)

func TestRun(t *testing.T) {
	for _, options := range []importer.Options{
		{Name: "all"},
		{Name: "one by one", CommandEvents: 1, InFlight: 1},
		{Name: "few", CommandEvents: 7, CommandStreams: 2},
		{Name: "small", CommandBytes: 1},
	} {
		t.Run(options.Name, func(t *testing.T) {
			store, source := inMemory(t), history(500)
			var told int64
			options.Progress = func(events int64, cursor string) {
				if events <= told || strconv.FormatInt(events, 10) != cursor {
					t.Errorf("%d events, cursor %q, after %d", events, cursor, told)
				}
				told = events
			}
			report, err := importer.Run(t.Context(), store, source, options)
			if want := (importer.Report{Events: 500, Cursor: "500"}); err != nil || report != want || told != 500 {
				t.Fatalf("%+v, %v, told %d", report, err, told)
			}
			wantLog(t, store, source)
		})
	}
}

func TestResume(t *testing.T) {
	for name, from := range map[string]func(importer.Report) string{
		"from the start":  func(importer.Report) string { return "" },
		"from the cursor": func(r importer.Report) string { return r.Cursor },
	} {
		t.Run(name, func(t *testing.T) {
			store, source := inMemory(t), history(500)
			ctx, cancel := context.WithCancel(t.Context())
			options := importer.Options{Name: "resumed", CommandEvents: 7, InFlight: 10}
			options.Progress = func(events int64, _ string) {
				if events > 100 {
					cancel()
				}
			}
			first, err := importer.Run(ctx, store, source, options)
			if !errors.Is(err, context.Canceled) || first.Events <= 100 || first.Events == 500 {
				t.Fatalf("%+v, %v; want it to end in the middle", first, err)
			}
			options.Progress, options.After = nil, from(first)
			second, err := importer.Run(t.Context(), store, source, options)
			if err != nil || second.Cursor != "500" {
				t.Fatalf("%+v, %v", second, err)
			}
			if options.After == "" && (second.Events != 500 || second.Repeated < first.Events) {
				t.Errorf("%+v, after %+v", second, first)
			}
			wantLog(t, store, source)
		})
	}
}

func TestBadEvent(t *testing.T) {
	for name, spoil := range map[string]func(*importer.Record){
		"data":     func(r *importer.Record) { r.Event.Data = []byte("{") },
		"type":     func(r *importer.Record) { r.Event.Type = "" },
		"stream":   func(r *importer.Record) { r.Stream = strings.Repeat("s", 256); r.Version = 1 },
		"metadata": func(r *importer.Record) { r.Event.Metadata = []byte("[]") },
		"time":     func(r *importer.Record) { r.OccurredAt = r.OccurredAt.AddDate(9000, 0, 0) },
		"cursor":   func(r *importer.Record) { r.Cursor = "400" },
	} {
		t.Run(name, func(t *testing.T) {
			store, source := inMemory(t), history(500)
			whole := source[400]
			spoil(&source[400])
			options := importer.Options{Name: "bad", CommandEvents: 7}
			report, err := importer.Run(t.Context(), store, source, options)
			bad, ok := errors.AsType[*importer.EventError](err)
			if !ok || bad.Cursor != source[400].Cursor || bad.Stream != source[400].Stream {
				t.Fatalf("%+v, %v; want an error about the event", report, err)
			}
			if report.Events > 400 || report.Events < 390 {
				t.Errorf("%+v; want what is before the command of the event", report)
			}
			source[400] = whole
			if _, err := importer.Run(t.Context(), store, source, options); err != nil {
				t.Fatal(err)
			}
			wantLog(t, store, source)
		})
	}
}

func TestMissingVersion(t *testing.T) {
	store, source := inMemory(t), history(500)
	for i := 300; i < len(source); i++ {
		source[i].Version++
	}
	_, err := importer.Run(t.Context(), store, source, importer.Options{Name: "gap"})
	if _, ok := errors.AsType[*groupcommit.ConflictError](err); !ok {
		t.Errorf("%v, want a conflict", err)
	}
}

// The last command of a source that has grown since is known with fewer events than there are to be in it.
func TestGrownSource(t *testing.T) {
	whole := history(500)
	for name, source := range map[string]list{"versions": whole, "no versions": withoutVersions(whole)} {
		t.Run(name, func(t *testing.T) {
			store, options := inMemory(t), importer.Options{Name: "grown", CommandEvents: 7}
			for _, run := range []struct{ after, end, repeated int64 }{{0, 200, 0}, {0, 300, 200}, {300, 301, 0}, {301, 400, 0}, {0, 500, 400}} {
				options.After = strconv.FormatInt(run.after, 10)
				report, err := importer.Run(t.Context(), store, source[:run.end], options)
				want := importer.Report{Events: run.end - run.after, Repeated: run.repeated, Cursor: strconv.FormatInt(run.end, 10)}
				if err != nil || report != want {
					t.Fatalf("%+v, %v, want %+v", report, err, want)
				}
			}
			wantLog(t, store, whole)
		})
	}
}

// Behind commands that are new there may be some that an earlier run has written, as after an outage, and among them the last one of a source that
// has grown since.
func TestGrownSourceBehindAGap(t *testing.T) {
	source := withoutVersions(history(500))
	for i := range source {
		source[i].Stream = "one"
	}
	store, options := inMemory(t), importer.Options{Name: "gap", CommandEvents: 7, InFlight: 15}
	options.After = "98"
	if _, err := importer.Run(t.Context(), store, source[:200], options); err != nil {
		t.Fatal(err)
	}
	options.After = ""
	report, err := importer.Run(t.Context(), store, source, options)
	if want := (importer.Report{Events: 500, Repeated: 102, Cursor: "500"}); err != nil || report != want {
		t.Fatalf("%+v, %v, want %+v", report, err, want)
	}
	seen := map[uuid.UUID]int{}
	for event := range events(t, store) {
		seen[event.ID]++
	}
	for _, record := range source {
		if seen[record.Event.ID] != 1 {
			t.Fatalf("event %s is there %d times", record.Cursor, seen[record.Event.ID])
		}
	}
}

// What cannot be resumed is noticed before anything is written twice, also where no version would tell.
func TestOtherCommands(t *testing.T) {
	whole := history(500)
	source := withoutVersions(whole)
	other := slices.Clone(source[:200])
	other[100].Event.Data = []byte("0")
	for name, again := range map[string]struct {
		source  list
		options importer.Options
	}{
		"smaller limits": {source[:200], importer.Options{Name: "again", CommandEvents: 1}},
		"other events":   {other, importer.Options{Name: "again", CommandEvents: 7}},
	} {
		t.Run(name, func(t *testing.T) {
			store := inMemory(t)
			if _, err := importer.Run(t.Context(), store, source[:200], importer.Options{Name: "again", CommandEvents: 7}); err != nil {
				t.Fatal(err)
			}
			_, err := importer.Run(t.Context(), store, again.source, again.options)
			_, failed := errors.AsType[*importer.CommandError](err)
			if _, reused := errors.AsType[*groupcommit.ReusedIDError](err); !failed || !reused || !strings.Contains(err.Error(), "larger limits") {
				t.Errorf("%v, want the command ID to be known", err)
			}
			wantLog(t, store, whole[:200])
		})
	}
}

func TestInvalid(t *testing.T) {
	store, source := inMemory(t), list{}
	for field, options := range map[string]importer.Options{
		"Options.Name":           {},
		"Options.CommandEvents":  {Name: "n", CommandEvents: -1},
		"Options.CommandBytes":   {Name: "n", CommandBytes: -1},
		"Options.CommandStreams": {Name: "n", CommandStreams: 10_001},
		"Options.InFlight":       {Name: "n", InFlight: -1},
	} {
		_, err := importer.Run(t.Context(), store, source, options)
		wantInvalid(t, err, field)
	}
	_, err := importer.Run(t.Context(), nil, source, importer.Options{Name: "n"})
	wantInvalid(t, err, "store")
	_, err = importer.Run(t.Context(), store, nil, importer.Options{Name: "n"})
	wantInvalid(t, err, "source")
}

// unreadable is a source that fails at once.
type unreadable struct{ err error }

func (u unreadable) After(context.Context, string) iter.Seq2[importer.Record, error] {
	return func(yield func(importer.Record, error) bool) { yield(importer.Record{}, u.err) }
}

func TestErrorOfTheSourceIsOneLine(t *testing.T) {
	down := errors.New("failed to connect:\n\tthere: refused\n\tthere: refused")
	_, err := importer.Run(t.Context(), inMemory(t), unreadable{down}, importer.Options{Name: "down"})
	if !errors.Is(err, down) || err.Error() != "importer: the source: failed to connect: there: refused" {
		t.Errorf("%v", err)
	}
}
