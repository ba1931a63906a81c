package groupcommit_test

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/groupcommit/groupcommit"

// arrows are what each package may import of ours.
var arrows = map[string][]string{
	"./command":             nil,
	"./batcher":             nil,
	"./migrations":          nil,
	"./verify":              nil,
	"./stats":               nil,
	"./reading":             {"./command"},
	"./committer":           {"./command"},
	"./pipeline":            {"./batcher", "./committer", "./command", "./stats"},
	"./memlog":              {"./committer", "./command", "./reading", "./verify"},
	"./telemetry":           {"./command", "./projection", "./reading", "./stats", "./telemetry/internal/hosts"},
	"./telemetry/dashboard": {"./telemetry", "./telemetry/internal/hosts"},
	"./decider":             {".", "./command"},
	"./decider/decidertest": {".", "./command"},
	"./pg":                  {"./committer", "./command", "./internal/oneline", "./migrations", "./reading", "./stats", "./verify"},
	"./importer":            {".", "./internal/oneline"},
	"./projection":          {".", "./internal/oneline", "./pg", "./projection/migrations"},
	".":                     {"./reading", "./pipeline", "./pg", "./memlog", "./command", "./committer", "./batcher", "./stats", "./verify"},
}

// heavy is what nobody inherits who imports the root package: it is for tests, for the demonstration, or for packages that are
// imported by themselves.
var heavy = []string{
	"testing",
	"go.uber.org/goleak",
	"pgregory.net/rapid",
	"github.com/anishathalye/porcupine",
	"github.com/fergusstrange/embedded-postgres",
	"github.com/schollz/progressbar/v3",
	"github.com/caarlos0/env/v11",
	"github.com/VictoriaMetrics/metrics",
	"net/http",
	"go.opentelemetry.io/otel",
	"github.com/prometheus",
}

type goPackage struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

// goList is what the go command knows of packages, without their tests.
func goList(t *testing.T, patterns ...string) (packages []goPackage) {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", append([]string{"list", "-json=ImportPath,Imports,Deps"}, patterns...)...)
	out, err := list.Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := decoder.Decode(&p); err == io.EOF {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

func TestImportArrows(t *testing.T) {
	for _, p := range goList(t, slices.Collect(maps.Keys(arrows))...) {
		allowed := arrows[pattern(p.ImportPath)]
		for _, path := range p.Imports {
			if ours := path == module || strings.HasPrefix(path, module+"/"); ours && !slices.Contains(allowed, pattern(path)) {
				t.Errorf("%s imports %s", p.ImportPath, path)
			}
		}
	}
}

// pattern is the name of a package of ours as it stands in arrows.
func pattern(path string) string { return "." + strings.TrimPrefix(path, module) }

func TestRootInheritsLittle(t *testing.T) {
	for _, p := range goList(t, ".") {
		for _, dep := range p.Deps {
			for _, path := range heavy {
				if dep == path || strings.HasPrefix(dep, path+"/") {
					t.Errorf("the root package depends on %s", dep)
				}
			}
		}
	}
}
