package worker_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/groupcommit/groupcommit/internal/worker"
)

func TestMain(m *testing.M) {
	worker.Main(map[string]worker.Task{
		"greet":   greet,
		"fail":    func(context.Context, *worker.Link) error { return errors.New("no such table") },
		"panic":   func(context.Context, *worker.Link) error { panic("out of ideas") },
		"count":   count,
		"wait":    func(ctx context.Context, _ *worker.Link) error { <-ctx.Done(); return nil },
		"hang":    hang,
		"outlive": outlive,
		"parent":  parent,
	})
	goleak.VerifyTestMain(m)
}

type (
	name     struct{ Name string }
	greeting struct{ Text string }
)

// greet answers each name with a greeting. That it prints as well must not matter.
func greet(_ context.Context, link *worker.Link) error {
	for {
		var n name
		if err := link.Receive(&n); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		fmt.Println("greeting", n.Name)
		if err := link.Send(greeting{"Hello, " + n.Name}); err != nil {
			return err
		}
	}
}

// count sends numbers.
func count(ctx context.Context, link *worker.Link) error {
	for n := 0; ctx.Err() == nil; n++ {
		if err := link.Send(n); err != nil {
			return err
		}
	}
	return nil
}

// hang says that it works, and does not.
func hang(_ context.Context, link *worker.Link) error {
	if err := link.Send(true); err != nil {
		return err
	}
	select {}
}

// outlive holds a connection and does not care for the end of its input.
func outlive(_ context.Context, link *worker.Link) error {
	var address string
	if err := link.Receive(&address); err != nil {
		return err
	}
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	select {}
}

// parent starts a worker of its own and never closes it.
func parent(ctx context.Context, link *worker.Link) error {
	var address string
	if err := link.Receive(&address); err != nil {
		return err
	}
	child, err := worker.Start("outlive")
	if err != nil {
		return err
	}
	if err := child.Send(address); err != nil {
		return err
	}
	return child.Receive(ctx, nil)
}

// start starts a worker. The test closes it.
func start(t *testing.T, task string) *worker.Process {
	t.Helper()
	p, err := worker.Start(task)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func mustClose(t *testing.T, p *worker.Process) {
	t.Helper()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestValuesGoBothWays(t *testing.T) {
	p := start(t, "greet")
	defer mustClose(t, p)
	for _, who := range []string{"Ada", "a\nb", strings.Repeat("x", 1<<20)} {
		if err := p.Send(name{who}); err != nil {
			t.Fatal(err)
		}
		var got greeting
		if err := p.Receive(t.Context(), &got); err != nil || got.Text != "Hello, "+who {
			t.Fatalf("%.100q, %v", got.Text, err)
		}
	}
}

func TestAnotherTypeIsAnError(t *testing.T) {
	p := start(t, "greet")
	defer mustClose(t, p)
	if err := p.Send(name{"Ada"}); err != nil {
		t.Fatal(err)
	}
	if err := p.Receive(t.Context(), &name{}); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("a greeting was taken for a name: %v", err)
	}
}

func TestFailureIsToldWithItsReason(t *testing.T) {
	for task, want := range map[string]string{
		"fail":    "exit status 1: no such table",
		"panic":   "exit status 2: panic: out of ideas",
		"nothing": `exit status 1: there is no such task: "nothing"`,
	} {
		t.Run(task, func(t *testing.T) {
			p := start(t, task)
			for what, err := range map[string]error{"receive": p.Receive(t.Context(), nil), "send": p.Send(name{}), "close": p.Close()} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s: %v, want %q in it", what, err, want)
				}
				if what == "receive" && !errors.Is(err, io.EOF) {
					t.Errorf("%v is not io.EOF", err)
				}
			}
		})
	}
}

func TestKilledWorkerLeavesWhatItHasSent(t *testing.T) {
	p := start(t, "count")
	defer mustClose(t, p)
	for n := 0; ; n++ {
		var got int
		err := p.Receive(t.Context(), &got)
		if errors.Is(err, io.EOF) && n > 100 && strings.Contains(err.Error(), "killed") {
			return
		}
		if err != nil || got != n {
			t.Fatalf("got %d, %v, want %d", got, err, n)
		}
		if n == 100 {
			p.Kill()
		}
	}
}

func TestWorkerEndsWithItsInput(t *testing.T) {
	mustClose(t, start(t, "wait"))
}

func TestCloseDoesNotWaitForWhatNobodyReceives(t *testing.T) {
	mustClose(t, start(t, "count"))
}

func TestHangingWorkerShowsWhere(t *testing.T) {
	p := start(t, "hang")
	defer func() { _ = p.Close() }() // it has failed
	var working bool
	if err := p.Receive(t.Context(), &working); err != nil {
		t.Fatal(err)
	}
	impatient, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("not today")
	cancel(reason)
	err := p.Receive(impatient, nil)
	if !errors.Is(err, reason) || !strings.Contains(err.Error(), "worker_test.hang") {
		t.Errorf("%v", err)
	}
}
