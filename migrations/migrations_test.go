package migrations

import (
	"io/fs"
	"regexp"
	"strconv"
	"testing"
)

var fileName = regexp.MustCompile(`^([0-9]{5})_[a-z_]+\.sql$`)

// TestVersions checks that the files are numbered 1, 2, 3, ... and that Latest is the number of the last one.
func TestVersions(t *testing.T) {
	names, err := fs.Glob(Files, "*")
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		match := fileName.FindStringSubmatch(name)
		if match == nil {
			t.Fatalf("%s is not named like 00001_what_it_does.sql", name)
		}
		if number, _ := strconv.Atoi(match[1]); number != i+1 {
			t.Fatalf("%s: expected number %d", name, i+1)
		}
	}
	if int64(len(names)) != Latest {
		t.Fatalf("there are %d migrations, but Latest is %d", len(names), Latest)
	}
}
