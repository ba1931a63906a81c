package seeded

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const example = `It counts
one too few.

Breaks: G4
Test: ./counter TestCount
Quick: yes

--- counter/count.go
 func count() int {
-	return 2
+	return 1
@@
-const most = 2
+const most = 1

--- counter/other.go
-b
+c
`

func TestParse(t *testing.T) {
	got, err := parse(example)
	want := Bug{Says: "It counts one too few.", Breaks: "G4", Package: "./counter", Test: "TestCount", Quick: true, Edits: []Edit{
		{"counter/count.go", "func count() int {\n\treturn 2\n", "func count() int {\n\treturn 1\n"},
		{"counter/count.go", "const most = 2\n", "const most = 1\n"},
		{"counter/other.go", "b\n", "c\n"},
	}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestParseRefuses(t *testing.T) {
	for what, change := range map[string]*strings.Replacer{
		"no file":         strings.NewReplacer("--- ", "=== "),
		"no test":         strings.NewReplacer("Test: ./counter TestCount\n", ""),
		"unknown field":   strings.NewReplacer("Quick", "Slow"),
		"unknown line":    strings.NewReplacer("-const", "const"),
		"nothing to find": strings.NewReplacer("-b\n", ""),
		"no change":       strings.NewReplacer("+c", "+b"),
	} {
		if bug, err := parse(change.Replace(example)); err == nil {
			t.Errorf("%s: got %+v", what, bug)
		}
	}
}

func TestOverlay(t *testing.T) {
	bug, err := parse(example)
	if err != nil {
		t.Fatal(err)
	}
	const code = "const most = 2\n\nfunc count() int {\n\treturn 2\n}\n"
	for text, applies := range map[string]bool{code: true, code + code: false, "const most = 2\n": false} {
		root, dir := t.TempDir(), t.TempDir()
		for name, text := range map[string]string{"count.go": text, "other.go": "a\nb\n"} {
			if err := os.MkdirAll(filepath.Join(root, "counter"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, "counter", name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		overlay, err := bug.Overlay(root, dir)
		if (err == nil) != applies {
			t.Errorf("got %v for %q", err, text)
		}
		if err != nil {
			continue
		}
		listed, err := os.ReadFile(overlay)
		if err != nil {
			t.Fatal(err)
		}
		changed, err := os.ReadFile(filepath.Join(dir, "0-count.go"))
		if err != nil || string(changed) != strings.ReplaceAll(code, "2", "1") || !strings.Contains(string(listed), "1-other.go") {
			t.Errorf("got %q, %v, listed as %s", changed, err, listed)
		}
	}
}
