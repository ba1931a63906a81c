package oracle

import "fmt"

// Kind is what can be wrong.
type Kind string

// The kinds. Not one may be found.
const (
	Lost          Kind = "lost"            // told a success, and not in the log
	Duplicated    Kind = "duplicated"      // took effect more than once
	Torn          Kind = "torn"            // took effect in part
	Gap           Kind = "gaps"            // a position or version that does not follow the one before
	Stray         Kind = "strays"          // events that nobody has submitted
	Missed        Kind = "missed conflict" // took effect although an expectation did not hold
	FalseConflict Kind = "false conflict"  // a conflict that the command had at no place where it can have been judged
	Dirty         Kind = "dirty verdicts"  // a conflict with what was not committed when it was told
	Misreported   Kind = "misreported"     // told another result than what stands in the log
	Contradicted  Kind = "contradicted"    // told that it was not written, and in the log
	Overtaken     Kind = "overtaken"       // not in the order of the calls of its submitter
	Untimely      Kind = "untimely"        // not in the order of real time
)

// Kinds are all kinds.
var Kinds = []Kind{Lost, Duplicated, Torn, Gap, Stray, Missed, FalseConflict, Dirty, Misreported, Contradicted, Overtaken, Untimely}

// Finding is something that is wrong.
type Finding struct {
	Kind    Kind
	Command uint64
	Text    string
}

func (f Finding) String() string { return fmt.Sprintf("%s: command %d %s", f.Kind, f.Command, f.Text) }
