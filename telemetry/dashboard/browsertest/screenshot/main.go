// Command screenshot runs a demo for a while and takes a picture of its dashboard.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/groupcommit/groupcommit/telemetry/dashboard/browsertest"
)

func main() {
	log.SetFlags(0)
	s := shot{}
	flag.StringVar(&s.demo, "demo", "", "the program of cmd/demo")
	flag.StringVar(&s.file, "o", "dashboard.png", "where the picture goes")
	flag.StringVar(&s.scheme, "scheme", "light", "light or dark")
	flag.Int64Var(&s.width, "width", 1280, "of the page")
	flag.Int64Var(&s.height, "height", 900, "of the page")
	flag.DurationVar(&s.after, "after", 90*time.Second, "how long the page is open before")
	flag.Parse()
	if err := s.take(context.Background()); err != nil {
		log.Fatal("screenshot: ", err)
	}
}

type shot struct {
	demo, file, scheme string
	width, height      int64
	after              time.Duration
}

func (s *shot) take(ctx context.Context) (err error) {
	demo := exec.CommandContext(ctx, s.demo, "serve")
	demo.Env = append(os.Environ(), "DEMO_LISTEN=127.0.0.1:0")
	demo.Stderr = os.Stderr
	out, err := demo.StdoutPipe()
	if err != nil {
		return err
	}
	if err := demo.Start(); err != nil {
		return err
	}
	lines := bufio.NewReader(out)
	address, err := find(lines)
	if err == nil {
		err = s.photograph(ctx, address)
	}
	interrupted := demo.Process.Signal(os.Interrupt)
	_, _ = io.Copy(io.Discard, lines) // it may have more to say than a pipe holds
	return errors.Join(err, interrupted, ended(demo.Wait()))
}

// find reads on until the demo tells where its dashboard is.
func find(out *bufio.Reader) (string, error) {
	for {
		line, err := out.ReadString('\n')
		if err != nil {
			return "", fmt.Errorf("the demo does not tell where its dashboard is: %w", err)
		}
		if words := strings.Fields(line); len(words) == 2 && words[0] == "dashboard" {
			return words[1], nil
		}
	}
}

func (s *shot) photograph(ctx context.Context, address string) error {
	ctx, end, err := browsertest.Open(ctx)
	if err != nil {
		return err
	}
	defer end()
	err = chromedp.Do(ctx,
		chromedp.EmulateViewport(s.width, s.height),
		browsertest.Scheme(s.scheme),
		chromedp.Navigate(address),
		chromedp.WaitVisible("canvas"),
		chromedp.Sleep(s.after), // with the page open: the start of a browser would be seen in the curves
	)
	if err != nil {
		return err
	}
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return err
	}
	return os.WriteFile(s.file, picture, 0o644)
}

// ended is nil for a demo that ended as it does when it is interrupted.
func ended(err error) error {
	const interrupted = 130
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == interrupted {
		return nil
	}
	return err
}
