// Command soak works on a store for as long as it is told, under a sustained load of everyday and of hot streams, and judges what became of
// it: every command must succeed, the log must be what was acknowledged, and memory and goroutines must not grow. It breaks nothing
// on purpose. make soak runs it; soak -h lists its flags.
//
// Two things grow by design and are not held against the library: the receipts that the soak keeps, a few bytes for each command, are left
// out of the heap; the store's cache of stream versions is made small, so that it is full soon and forgets from then on.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
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
	clients  int
	streams  int
}

const usage = `soak works on a store for a while under a mixed load, prints a line a minute (or ten in all), reads the log back and gives a verdict.
It uses the server of DATABASE_URL, in a schema that is dropped at the end, or a throw-away one. All events stay on its disk until then.

`

const usageTail = `
Exit status: 0 passed, 1 failed, 2 wrong flags, 130 interrupted with nothing wrong until then. The first Ctrl-C ends the load and gives
the verdict on what there was; the second one ends at once.
`

// parse reads the flags. What is wrong with them it tells on out.
func parse(args []string, out io.Writer) (*config, error) {
	c := &config{}
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.DurationVar(&c.duration, "duration", 10*time.Minute, "how long to work")
	flags.IntVar(&c.clients, "clients", 100, "clients, each with one command at a time")
	flags.IntVar(&c.streams, "streams", 20_000, "streams of the everyday load")
	flags.Usage = func() {
		fmt.Fprint(out, usage)
		flags.PrintDefaults()
		fmt.Fprint(out, usageTail)
	}
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 || c.duration < time.Second || c.clients < 1 || c.streams < 1 {
		fmt.Fprintln(out, "soak takes flags only; -duration is at least 1s, -clients and -streams are at least 1")
		return nil, errUsage
	}
	return c, nil
}

var errUsage = errors.New("wrong flags")

func main() { os.Exit(run(os.Args[1:])) }

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

	err = newSoak(c, os.Stdout).run(ctx)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "failed:", err)
		return exitFailed
	case ctx.Err() != nil:
		return exitInterrupted
	}
	return 0
}
