package main

import (
	"fmt"
	"io"
	"strings"
)

// fact is something that has to be known of a run to understand its figures.
type fact struct{ name, value string }

type facts []fact

// factPrefix begins the line of a fact in a saved run. benchstat skips such lines: facts that differ do not keep runs from being compared.
const factPrefix = "# "

// write writes a line for each that has a value.
func (f facts) write(w io.Writer) error {
	for _, fact := range f {
		if fact.value == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "%s%s: %s\n", factPrefix, fact.name, fact.value); err != nil {
			return err
		}
	}
	return nil
}

// parseFact reads a line of a saved run, if it is a fact.
func parseFact(line string) (fact, bool) {
	line, is := strings.CutPrefix(line, factPrefix)
	name, value, has := strings.Cut(line, ": ")
	return fact{name, value}, is && has
}

// caption says in a line what the figures were measured on.
func (f facts) caption() string {
	var parts []string
	for _, part := range []fact{{"Processor", "%s"}, {"Cores", "%s cores"}, {"PostgreSQL", "PostgreSQL %s"}} {
		if value := f.get(part.name); value != "" {
			parts = append(parts, fmt.Sprintf(part.value, value))
		}
	}
	return strings.Join(parts, ", ")
}

// get is the value of a fact, empty when it is not known.
func (f facts) get(name string) string {
	for _, fact := range f {
		if fact.name == name {
			return fact.value
		}
	}
	return ""
}
