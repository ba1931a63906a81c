// Package worker gives tests and benchmarks processes of their own, which may be killed: the program itself once more, with a task
// to do. The two sides send each other values, each a line of JSON. A package that uses it has
//
//	func TestMain(m *testing.M) {
//		worker.Main(map[string]worker.Task{"write": write})
//		pgtest.Main(m)
//	}
//
// A worker ends when its input does: with [Process.Close], and with the process that started it, however that one ends. On Linux
// the kernel kills it then, whatever it is doing.
package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// Task is what a worker does. The link leads to the process that started it; when that one will say no more, ctx ends, and the task
// is to return. The process hears of its error, unless that is only the end of ctx.
type Task func(ctx context.Context, link *Link) error

// variable names the task of a process that is a worker.
const variable = "GROUPCOMMIT_WORKER"

// Main does the task that this process was started for and exits. In a process that is no worker it returns at once.
func Main(tasks map[string]Task) {
	if name, ok := os.LookupEnv(variable); ok {
		os.Exit(run(name, tasks))
	}
}

func run(name string, tasks map[string]Task) int {
	task, ok := tasks[name]
	if !ok {
		return fail(fmt.Errorf("there is no such task: %q", name))
	}
	ctx, end := context.WithCancel(context.Background())
	defer end()
	input, lines := io.Pipe()
	go func() {
		_, err := io.Copy(lines, os.Stdin)
		_ = lines.CloseWithError(err)
		end()
	}()
	link := newLink(input, os.Stdout)
	os.Stdout = os.Stderr // whoever prints does not get between the lines
	err := task(ctx, link)
	if err != nil && !(ctx.Err() != nil && errors.Is(err, context.Canceled)) {
		return fail(err)
	}
	return 0
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}
