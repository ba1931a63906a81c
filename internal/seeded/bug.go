// Package seeded proves that the tests bite. It keeps bugs, as small changes of the product's code, one a file in the directory bugs; each is
// built in with -overlay, which touches no file, and the test that is said to catch it must fail.
//
// A bug is told in words, then by what it breaks and what catches it, then as the lines that it takes out and puts in:
//
//	A conflict is judged on the versions before the batch.
//
//	Breaks: G7
//	Test: ./committer TestChainWithinABatch
//	Quick: every run of the tests tries it
//
//	--- committer/judge.go
//	 		p := &e.parts[i]
//	-		if actual := j.plan.view.slots[p.slot].version; !p.expect.Holds(actual) {
//	+		if actual := j.plan.view.slots[p.slot].base; !p.expect.Holds(actual) {
//
// A line of @@ alone stands between places of one file. Each place must be found exactly once.
package seeded

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// Bug is a change of the code that a test must catch.
type Bug struct {
	Name    string // of its file
	Says    string // what is wrong, in a sentence or two
	Breaks  string // the guarantees that do not hold with it
	Package string // of the test, as the go command takes it
	Test    string // that catches it
	Quick   bool   // it is caught in a few seconds
	Edits   []Edit
}

// Edit takes lines of a file out and puts others in their place.
type Edit struct {
	File     string // from the root of the module
	Old, New string
}

//go:embed bugs
var files embed.FS

// All are the bugs, by name.
func All() (bugs []Bug, err error) {
	names, err := fs.Glob(files, "bugs/*.bug")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		bug, err := parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		bug.Name = strings.TrimSuffix(path.Base(name), ".bug")
		bugs = append(bugs, bug)
	}
	return bugs, nil
}

func parse(text string) (bug Bug, err error) {
	head, changes, found := strings.Cut(text, "\n--- ")
	if !found {
		return Bug{}, fmt.Errorf("it changes no file")
	}
	says, fields, _ := strings.Cut(head, "\n\n")
	bug.Says = strings.Join(strings.Fields(says), " ")
	for line := range strings.Lines(fields) {
		if err := bug.set(strings.TrimSpace(line)); err != nil {
			return Bug{}, err
		}
	}
	if bug.Says == "" || bug.Breaks == "" || bug.Test == "" {
		return Bug{}, fmt.Errorf("it lacks what it is, what it breaks or what catches it")
	}
	for change := range strings.SplitSeq(changes, "\n--- ") {
		file, places, _ := strings.Cut(change, "\n")
		for place := range strings.SplitSeq(places, "\n@@\n") {
			edit := Edit{File: strings.TrimSpace(file)}
			if err := edit.read(place); err != nil {
				return Bug{}, err
			}
			bug.Edits = append(bug.Edits, edit)
		}
	}
	return bug, nil
}

func (b *Bug) set(line string) error {
	name, value, _ := strings.Cut(line, ": ")
	switch name {
	case "":
	case "Breaks":
		b.Breaks = value
	case "Test":
		b.Package, b.Test, _ = strings.Cut(value, " ")
	case "Quick":
		b.Quick = true
	default:
		return fmt.Errorf("line %q is none of Breaks, Test, Quick", line)
	}
	return nil
}

// read takes in the lines of one place: those that stay, that go and that come.
func (e *Edit) read(place string) error {
	for line := range strings.Lines(place) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" { // as an editor leaves a line that stays and is empty
			line = " "
		}
		switch kind, text := line[0], line[1:]+"\n"; kind {
		case ' ':
			e.Old, e.New = e.Old+text, e.New+text
		case '-':
			e.Old += text
		case '+':
			e.New += text
		default:
			return fmt.Errorf("line %q of %s begins with none of space, - and +", line, e.File)
		}
	}
	if e.Old == "" || e.Old == e.New {
		return fmt.Errorf("a place of %s changes nothing, or nothing that can be found", e.File)
	}
	return nil
}
