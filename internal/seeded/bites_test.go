package seeded_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/internal/seeded"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var complete = flag.Bool("complete", false, "seed every bug, which takes minutes")

// complaint is what a test says when it fails.
var complaint = regexp.MustCompile(`(?m)^\s+\w+\.go:\d+: .*|^panic: .*`)

// root is where the module is.
const root = "../.."

// Every bug is caught by the test that is said to catch it. Without -complete, some that are caught quickly are tried.
func TestBugsAreCaught(t *testing.T) {
	for _, bug := range all(t) {
		if !bug.Quick && !*complete {
			continue
		}
		t.Run(bug.Name, func(t *testing.T) {
			t.Parallel()
			caught, output := try(t, &bug)
			if !caught {
				t.Fatalf("%s\n%s %s does not notice.\n%s", bug.Says, bug.Package, bug.Test, output)
			}
			t.Log(complaint.FindString(output))
		})
	}
}

// Every bug has its place in the code, and the test that catches it is there.
func TestBugsFit(t *testing.T) {
	module := absolute(t, root)
	for _, bug := range all(t) {
		if _, err := bug.Overlay(module, t.TempDir()); err != nil {
			t.Error(err)
		}
		function, _, _ := strings.Cut(bug.Test, "/")
		if !declared(t, filepath.Join(module, bug.Package), function) {
			t.Errorf("bug %s: %s has no test %s", bug.Name, bug.Package, function)
		}
	}
}

// declared tells whether a package has a test.
func declared(t *testing.T, dir, function string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(file string) bool {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(text), "\nfunc "+function+"(")
	})
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func all(t *testing.T) []seeded.Bug {
	t.Helper()
	bugs, err := seeded.All()
	if err != nil {
		t.Fatal(err)
	}
	return bugs
}

// try builds the test with the bug and runs it. That it is not built, not there or never ends is not a way to be
// caught.
func try(t *testing.T, bug *seeded.Bug) (caught bool, output string) {
	t.Helper()
	dir, module := t.TempDir(), absolute(t, root)
	overlay, err := bug.Overlay(module, dir)
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "test")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-overlay="+overlay, "-o="+program, bug.Package)
	build.Dir = module
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s cannot be built with the bug: %v\n%s", bug.Package, err, out)
	}
	run := exec.CommandContext(t.Context(), program, "-test.run="+pattern(bug.Test), "-test.v", "-test.timeout=2m")
	run.Dir = filepath.Join(module, bug.Package)
	run.Env = append(os.Environ(), "DATABASE_URL="+pgtest.URL(t), "RAPID_NOFAILFILE=1")
	out, err := run.CombinedOutput()
	output = string(out)
	if !strings.Contains(output, "=== RUN   "+bug.Test+"\n") {
		t.Fatalf("%s has no test %s: %v\n%s", bug.Package, bug.Test, err, output)
	}
	passed := err == nil || strings.Contains(output, "--- PASS: "+bug.Test+" ")
	return !passed && !strings.Contains(output, "panic: test timed out"), output
}

// pattern matches a test, or a test in a test, and no other.
func pattern(test string) string {
	parts := strings.Split(test, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}
