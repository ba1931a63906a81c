package groupcommit_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// The quick start of the README, as it stands there, against a real database.
func TestReadmeQuickStart(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(readme), "```go\npackage main\n")
	program, _, ended := strings.Cut(rest, "```")
	if !found || !ended {
		t.Fatal("the README has no program")
	}
	file := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(file, []byte("package main\n"+program), 0o600); err != nil {
		t.Fatal(err)
	}
	server := pgtest.Server(t) // the program uses the default schema, and expects it empty
	run := exec.CommandContext(t.Context(), "go", "run", file)
	run.Env = append(os.Environ(), "DATABASE_URL="+server.URL())
	out, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"committed at position", `1 AccountOpened {"owner": "Ada"}`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the program does not print %q but\n%s", want, out)
		}
	}
}
