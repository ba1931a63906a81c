// Command torture is for whoever has lost data before. It lets processes write to one log while everything goes wrong that can: connections
// are cut in every moment of a commit, the server is killed and comes back, writers are killed and stopped, and replayed are all commands and
// all verdicts, one by one, on the log as it is then. It prints the figures and fails when one that must be 0 is not. make torture runs it;
// torture -h lists its flags.
//
// A seed decides what the commands are and which faults follow one another. When exactly they meet is up to the machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"

	"github.com/groupcommit/groupcommit/internal/worker"
)

// Exit statuses, beside 0.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// config is what the flags say.
type config struct {
	duration time.Duration
	round    time.Duration // after which everything is judged
	seed     uint64
	writers  int
	clients  int           // of each writer
	pause    time.Duration // of a client between two bursts, on average
	calm     time.Duration // between two faults, at most
	only     string        // a regular expression that the names of faults match
	sweep    bool          // cuts at every message of a batch come first
	markdown bool
	verbose  bool
}

const usage = `torture lets processes write to one log, on a throw-away PostgreSQL, while everything goes wrong that can, and judges every verdict.

`

const usageTail = `
Exit status: 0 passed, 1 failed, 2 wrong flags, 130 interrupted with nothing wrong until then. The first Ctrl-C ends the load and gives
the verdict on what there was; the second one ends at once.
`

// parse reads the flags. What is wrong with them it tells on out.
func parse(args []string, out io.Writer) (*config, error) {
	c := &config{}
	flags := flag.NewFlagSet("torture", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.DurationVar(&c.duration, "duration", 30*time.Minute, "how long to go on")
	flags.DurationVar(&c.round, "round", time.Minute, "after which time everything is judged")
	flags.Uint64Var(&c.seed, "seed", 1, "decides commands and faults")
	flags.IntVar(&c.writers, "writers", 3, "processes")
	flags.IntVar(&c.clients, "clients", 50, "clients of each writer")
	flags.DurationVar(&c.pause, "pause", 60*time.Millisecond, "of a client between two bursts of commands, on average")
	flags.DurationVar(&c.calm, "calm", time.Second, "between two faults, at most")
	flags.StringVar(&c.only, "only", "", "a regular expression: only faults whose name matches")
	flags.BoolVar(&c.sweep, "sweep", true, "first cut a batch at every message of the protocol, which takes minutes of -duration")
	flags.BoolVar(&c.markdown, "markdown", false, "print the figures as Markdown")
	flags.BoolVar(&c.verbose, "v", false, "tell of each fault when it is over")
	flags.Usage = func() {
		fmt.Fprint(out, usage)
		flags.PrintDefaults()
		fmt.Fprint(out, usageTail)
	}
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if _, err := regexp.Compile(c.only); err != nil || flags.NArg() > 0 || c.writers < 2 || c.clients < 1 || c.round < time.Second || c.calm < time.Millisecond {
		fmt.Fprintln(out, "torture takes flags only; -writers is at least 2, -clients at least 1, -round at least 1s, and -only a regular expression")
		return nil, errUsage
	}
	return c, nil
}

var errUsage = errors.New("wrong flags")

// kinds are the faults to be injected. What cannot be is noted as not tested.
func (c *config) kinds(noDisk error, t *tally) (kinds []fault, err error) {
	for _, f := range faults {
		switch matched, _ := regexp.MatchString(c.only, f.name); {
		case !matched:
			t.notTested = append(t.notTested, f.name+": not asked for")
		case f.name == diskFull && noDisk != nil:
			t.notTested = append(t.notTested, f.name+": "+noDisk.Error())
		default:
			kinds = append(kinds, f)
		}
	}
	if len(kinds) == 0 {
		return nil, fmt.Errorf("no fault matches %q", c.only)
	}
	t.notTested = append(t.notTested, notTested...)
	return kinds, nil
}

// notTested is what only other tests do, or none.
var notTested = []string{
	"loss of power: the disk keeps what the server has flushed, as far as this test goes",
	"failover to a standby",
	"PostgreSQL's write-ahead log on a disk that is full",
}

func main() {
	worker.Main(map[string]worker.Task{writerTask: write})
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	c, err := parse(args, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return exitUsage
	}
	signal.Ignore(syscall.SIGPIPE) // when nobody reads on, everything is removed all the same
	ctx, restore := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer restore()
	context.AfterFunc(ctx, restore) // the next signal ends the program at once

	err = newDirector(c, os.Stdout).run(ctx)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "failed:", err)
		return exitFailed
	case ctx.Err() != nil:
		return exitInterrupted
	}
	return 0
}
