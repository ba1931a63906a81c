package groupcommit_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// GUARANTEES.md names tests that are there.
func TestTestsOfTheGuarantees(t *testing.T) {
	declared := map[string]bool{}
	declaration := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, found := range declaration.FindAllStringSubmatch(string(text), -1) {
			declared[found[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)").FindAllStringSubmatch(guarantees(t), -1)
	if len(named) < 100 {
		t.Errorf("GUARANTEES.md names %d tests", len(named))
	}
	for _, name := range named {
		if !declared[name[1]] {
			t.Errorf("GUARANTEES.md names %s, and there is no such test", name[1])
		}
	}
}

// It says what to do on each error that a caller may meet.
func TestErrorsOfTheGuarantees(t *testing.T) {
	text, found := guarantees(t), 0
	for dir, prefix := range map[string]string{".": "", "decider": "decider.", "projection": "projection."} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, name := range errorsDeclared(t, file) {
				found++
				if name = prefix + name; !strings.Contains(text, "`"+name+"`") && !strings.Contains(text, "`*"+name+"`") {
					t.Errorf("GUARANTEES.md does not say what to do on %s", name)
				}
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d errors were found", found)
	}
}

// errorsDeclared are the names of exported types and variables of a file that are errors by their name.
func errorsDeclared(t *testing.T, file string) (names []string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	isError := regexp.MustCompile(`^(Err[A-Z]\w*|[A-Z]\w*Error)$`).MatchString
	for _, declaration := range parsed.Decls {
		general, ok := declaration.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range general.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if isError(s.Name.Name) {
					names = append(names, s.Name.Name)
				}
			case *ast.ValueSpec:
				for _, name := range s.Names {
					if isError(name.Name) {
						names = append(names, name.Name)
					}
				}
			}
		}
	}
	return names
}

func guarantees(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("GUARANTEES.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
