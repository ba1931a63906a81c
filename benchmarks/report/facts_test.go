package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/groupcommit/groupcommit/internal/ephemeral"
)

func TestFactsComeBack(t *testing.T) {
	var text bytes.Buffer
	want := facts{{"Command", "go test -bench='a: b'"}, {"Processor", "x: y"}}
	if err := append(want, fact{"Memory", ""}).write(&text); err != nil {
		t.Fatal(err)
	}
	var got facts
	for line := range strings.Lines(text.String()) {
		fact, is := parseFact(strings.TrimSpace(line))
		if !is {
			t.Errorf("%q is no fact", line)
		}
		got = append(got, fact)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if fact, is := parseFact("goos: linux"); is {
		t.Errorf("%v", fact)
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("DATABASE_URL", "")
	f, err := environment(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Cores", "Memory", "Kernel", "Load before the run", "Go", "PostgreSQL", "Settings", "Storage"} {
		if f.get(name) == "" {
			t.Errorf("%s is not known: %v", name, f)
		}
	}
	for name, want := range map[string]string{"PostgreSQL": "throw-away", "Settings": "fsync on, synchronous_commit on", "Storage": "flushed in"} {
		if got := f.get(name); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want one with %q", name, got, want)
		}
	}
}

// Where the storage of a server is, that is not ours, nobody knows.
func TestEnvironmentOfAnotherServer(t *testing.T) {
	server, err := ephemeral.Start(t.Context(), ephemeral.Options{Logf: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop(t.Context())
	t.Setenv("DATABASE_URL", server.URL())
	f, err := database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(f.get("PostgreSQL"), "DATABASE_URL") || f.get("Settings") == "" || f.get("Storage") != "" {
		t.Errorf("%v", f)
	}
}
