package seeded_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/groupcommit/groupcommit/internal/seeded"
)

var write = flag.Bool("write", false, "write the table of bugs into the document")

// document has the table of bugs between two comments.
const (
	document = root + "/GUARANTEES.md"
	begin    = "<!-- written by go test ./internal/seeded -run=TestTable -write -->\n"
	end      = "<!-- the end of what is written -->\n"
)

// The table of bugs in the document is that of the bugs.
func TestTable(t *testing.T) {
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	is, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no place for the table", document)
	}
	want := table(all(t))
	if is == want {
		return
	}
	if !*write {
		t.Fatalf("the table in %s is not that of the bugs: go test ./internal/seeded -run=TestTable -write", document)
	}
	if err := os.WriteFile(document, []byte(before+begin+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

func table(bugs []seeded.Bug) string {
	var b strings.Builder
	b.WriteString("\n| bug | breaks | caught by |\n|---|---|---|\n")
	for _, bug := range bugs {
		fmt.Fprintf(&b, "| [%s](internal/seeded/bugs/%s.bug): %s | %s | %s `%s` |\n", bug.Name, bug.Name, bug.Says, bug.Breaks, home(bug.Package), bug.Test)
	}
	b.WriteString("\n")
	return b.String()
}

// home is the name of a package in a table.
func home(pattern string) string {
	if pattern == "." {
		return "root"
	}
	return strings.TrimPrefix(pattern, "./")
}
