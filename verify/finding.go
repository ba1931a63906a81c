package verify

import (
	"fmt"

	"github.com/google/uuid"
)

// Finding is one thing that is wrong with a log.
type Finding struct {
	Damage   Damage
	Position int64     // of the event, or of the first where it is about more; of a commit or a command, of its first event
	Stream   string    // that it is about, if any
	Commit   uuid.UUID // that it is about, or that should have the event; zero for none
	Command  uuid.UUID // whose ID was kept, if it is about one
	Detail   string    // what is wrong, in words
}

func (f Finding) String() string { return fmt.Sprintf("position %d: %s", f.Position, f.Detail) }

// Damage is a kind of finding.
type Damage string

// What can be wrong with a log.
const (
	MissingEvents   Damage = "missing events"   // no event stands at positions that the log has come past
	DuplicateEvents Damage = "duplicate events" // several events stand at one position
	StrayEvents     Damage = "stray events"     // events are in no commit
	EventTimes      Damage = "event times"      // the events of a commit do not carry its time
	VersionOrder    Damage = "version order"    // a version does not follow the one before it in its stream
	MissingCommits  Damage = "missing commits"  // positions are in no commit, or the oldest one has a parent
	Branch          Damage = "branch"           // positions are in several commits
	WrongParent     Damage = "wrong parent"     // no commit of that ID ends where the commit begins
	WrongRange      Damage = "wrong range"      // a commit that cannot have any event, or a first one that is none
	WrongTime       Damage = "wrong time"       // a commit is not later than the one before
	WrongCount      Damage = "wrong count"      // a commit cannot carry so many commands
	WrongCommand    Damage = "wrong command"    // what is kept of a command with an ID is not so
)
