// Command demo shows what groupcommit does: it runs the workloads of a bank, a shop and a busy service on a real PostgreSQL, reads the
// log back to check it, and prints a table. demo serve runs a load until it is told to stop, and shows it in the browser. demo verify
// proves that the log of a database is sound. demo import takes over the events of another store. demo -h lists the environment variables
// that configure it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Exit statuses, beside 0.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

func main() { os.Exit(run()) }

func run() int {
	args, perform := os.Args[1:], demonstrate
	if len(args) > 0 {
		switch args[0] {
		case "verify":
			args, perform = args[1:], verify
		case "serve":
			args, perform = args[1:], serve
		case "import":
			args, perform = args[1:], importEvents
		}
	}
	if len(args) > 0 {
		return help(args)
	}
	config, err := readConfig()
	if err != nil {
		return fail(exitUsage, err)
	}
	signal.Ignore(syscall.SIGPIPE) // when nobody reads on, the schema is dropped all the same
	ctx, restore := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer restore()
	context.AfterFunc(ctx, restore) // the next signal ends the program at once

	err = perform(ctx, config, standardTerminal(config))
	switch {
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	case errors.Is(err, errNoDatabase), errors.Is(err, errNoSource):
		return fail(exitUsage, err)
	case err != nil:
		return fail(exitFailed, err)
	}
	return 0
}

func help(args []string) int {
	switch args[0] {
	case "-h", "-help", "--help", "help":
		fmt.Print(usage())
		return 0
	}
	return fail(exitUsage, fmt.Errorf("unknown argument %q; demo -h tells how it is configured", args[0]))
}

func fail(status int, err error) int {
	fmt.Fprintln(os.Stderr, "demo:", err)
	return status
}
