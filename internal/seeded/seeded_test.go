package seeded

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var all = flag.Bool("all", false, "seed all bugs, and not one in so many of them")

// oneIn keeps the ordinary run of the tests short.
const oneIn = 8

func TestEachBugIsCaught(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for i, bug := range bugs {
		t.Run(bug.name, func(t *testing.T) {
			overlay := bug.seed(t, root)
			if !*all && i%oneIn != 0 {
				return // that it can be seeded is known
			}
			where, test, _ := strings.Cut(bug.test, " ")
			out, err := goTest(t, root, overlay, where, test, bug.flags)
			if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
				t.Fatal(err)
			} else if !ok || exit.ExitCode() != 1 || strings.Contains(out, "[build failed]") || strings.Contains(out, "[setup failed]") {
				t.Errorf("%s was to fail, and: %v\n%s", bug.test, err, out)
			}
			if strings.Contains(out, "no tests to run") {
				t.Errorf("there is no test %s", bug.test)
			}
		})
	}
}

// seed writes the file with the bug in it, and an overlay that puts it in the place of the one without.
func (b *bug) seed(t *testing.T, root string) (overlay string) {
	t.Helper()
	file := filepath.Join(root, filepath.FromSlash(b.file))
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), b.old); n != 1 {
		t.Fatalf("%s has what is to be changed %d times", b.file, n)
	}
	dir := t.TempDir()
	changed := filepath.Join(dir, "changed.go")
	write(t, changed, []byte(strings.Replace(string(source), b.old, b.new, 1)))
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{file: changed}})
	if err != nil {
		t.Fatal(err)
	}
	overlay = filepath.Join(dir, "overlay.json")
	write(t, overlay, replace)
	return overlay
}

func write(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// goTest runs a test of a package. A bug may make it wait for ever.
func goTest(t *testing.T, root, overlay, where, test string, flags []string) (output string, err error) {
	t.Helper()
	var pattern []string
	for part := range strings.SplitSeq(test, "/") {
		pattern = append(pattern, "^"+part+"$")
	}
	arguments := append([]string{"test", "-count=1", "-failfast", "-timeout=30s", "-vet=off", "-overlay=" + overlay,
		"-run=" + strings.Join(pattern, "/"), where}, flags...)
	cmd := exec.CommandContext(t.Context(), "go", arguments...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// The documentation lists the bugs and who catches them.
func TestBugsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../GUARANTEES.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, bug := range bugs {
		where, test, _ := strings.Cut(bug.test, " ")
		if line := fmt.Sprintf("| %s | `%s` | `%s` |", bug.name, strings.TrimPrefix(where, "./"), test); !strings.Contains(string(text), line) {
			t.Errorf("GUARANTEES.md lacks the line\n%s", line)
		}
	}
}
