package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/groupcommit/groupcommit"
)

const usageHead = `demo runs the workloads of a bank, a shop and a busy service on a real PostgreSQL, with read models that follow, reads
the log back to check it and them, and prints a table. It takes about a minute; environment variables configure it:

`

const usageLibrary = `
The library's own settings can be given too; "go doc github.com/groupcommit/groupcommit.Config" explains them:
`

const usageTail = `

"demo serve" runs a mixed load until Ctrl-C, and shows it in the browser: a dashboard on which the number of clients can
be changed, metrics and health. Server and schema are as above, and the log is verified at the end.

"demo verify" does something else: it proves that the log of a database is sound, or says where it is not, and changes
nothing. DATABASE_URL says which database, GROUPCOMMIT_SCHEMA which schema if it is not "groupcommit".

"demo import" appends the events of SOURCE_TABLE, in order, to such a log, and creates it where it is missing. It can be
interrupted and run again: nothing is written twice. When it is complete, it says which SOURCE_AFTER takes over what has
been added to the table since.

Exit status: 0 all is well, 1 a command failed, an invariant does not hold or the log is damaged, 2 wrong configuration,
130 interrupted.
The first Ctrl-C finishes what has begun, checks it and prints; the second one ends at once.
`

// usage is what demo -h prints.
func usage() string {
	var text strings.Builder
	text.WriteString(usageHead)
	line := func(name, value, meaning string) { fmt.Fprintf(&text, "  %-20s %-14s %s\n", name, value, meaning) }
	line("variable", "default", "meaning")
	line("DATABASE_URL", "", "server to use, in a schema that is dropped at the end; else a throw-away server")
	for field := range reflect.TypeFor[config]().Fields() {
		if meaning := field.Tag.Get("help"); meaning != "" {
			line(field.Tag.Get("env"), field.Tag.Get("envDefault"), meaning)
		}
	}
	text.WriteString(usageLibrary)
	for names := range slices.Chunk(librarySettings(), 3) {
		var line strings.Builder
		for _, name := range names {
			fmt.Fprintf(&line, "  %-31s", name)
		}
		text.WriteString("\n" + strings.TrimRight(line.String(), " "))
	}
	text.WriteString(usageTail)
	return text.String()
}

// librarySettings are the variables of groupcommit.Config that the demo leaves to the user.
func librarySettings() []string {
	var names []string
	for field := range reflect.TypeFor[groupcommit.Config]().Fields() {
		switch name := field.Tag.Get("env"); name {
		case "-", "DATABASE_URL", "GROUPCOMMIT_SCHEMA", "GROUPCOMMIT_MIGRATE":
		default:
			names = append(names, name)
		}
	}
	return names
}
