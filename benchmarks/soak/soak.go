package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/workload"
)

// soak is one run of the program. It belongs to one goroutine.
type soak struct {
	config   *config
	out      io.Writer
	interval time.Duration
	samples  []sample
}

func newSoak(c *config, out io.Writer) *soak {
	return &soak{config: c, out: out, interval: min(time.Minute, c.duration/10)}
}

// run does everything. Its error is the verdict. When ctx ends, the verdict is on what there was until then.
func (s *soak) run(ctx context.Context) (err error) {
	var stage stage
	defer func() { err = errors.Join(err, stage.close()) }()
	if err := stage.open(ctx, s.config.streams, s.printf); err != nil {
		if ctx.Err() != nil {
			return nil // that is why, and there is nothing to judge
		}
		return err
	}
	return s.judge(ctx, stage.mix, stage.gauge.take, stage.store.ReadAll(context.WithoutCancel(ctx)))
}

// judge keeps the load up, reads the log back, and tells what was not as it must be.
func (s *soak) judge(ctx context.Context, m *mix, take takeSample, log iter.Seq2[groupcommit.RecordedEvent, error]) error {
	if err := s.load(ctx, m, take); err != nil {
		return err
	}
	broken, err := s.audit(log, m.invariants())
	if err != nil {
		return err
	}
	wrong := append(failures(s.samples), growth(s.samples)...)
	if wrong = append(wrong, broken...); len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "\n"))
	}
	if !enough(s.samples) {
		s.printf("too short to tell whether memory grows")
	}
	s.printf("passed: %d commands", s.commands())
	return nil
}

// takeSample tells how things stand after an interval with this result.
type takeSample func(ctx context.Context, result workload.Result) (sample, error)

// load works until the time is over, ctx has ended, or a command has failed. It fails when there is nothing to judge.
func (s *soak) load(ctx context.Context, m *mix, take takeSample) error {
	s.printf("%d clients on %d streams, 20 accounts and 10 products, for %s", s.config.clients, s.config.streams, s.config.duration)
	printHead(s.out)
	for passed := time.Duration(0); passed < s.config.duration && ctx.Err() == nil; passed += s.interval {
		result, err := m.drive(ctx, s.config.clients, s.interval)
		if err != nil {
			return err
		}
		sample, err := take(context.WithoutCancel(ctx), result)
		if err != nil {
			return err
		}
		sample.at = passed + s.interval
		s.samples = append(s.samples, sample)
		printSample(s.out, &sample)
		if result.Errors+result.Refusals > 0 {
			return nil
		}
	}
	return nil
}

// audit reads the log back and tells which invariants do not hold.
func (s *soak) audit(log iter.Seq2[groupcommit.RecordedEvent, error], invariants []workload.Invariant) (broken []string, err error) {
	s.printf("\nreading the log back")
	events, findings, err := workload.Audit(log, invariants...)
	if err != nil {
		return nil, fmt.Errorf("reading the log back: %w", err)
	}
	s.printf("%d events", events)
	for _, f := range findings {
		if f.Err == nil {
			s.printf("  ok  %s", f.Invariant)
		} else {
			s.printf("  NO  %s", f.Invariant)
			broken = append(broken, fmt.Sprintf("it does not hold that %s: %v", f.Invariant, f.Err))
		}
	}
	return broken, nil
}

// commands is how many succeeded.
func (s *soak) commands() (n int) {
	for i := range s.samples {
		n += s.samples[i].result.Commands
	}
	return n
}

// printf writes a line if it can: where nobody reads any more, the exit status still tells.
func (s *soak) printf(format string, args ...any) { _, _ = fmt.Fprintf(s.out, format+"\n", args...) }
