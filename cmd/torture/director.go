package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"time"

	"github.com/groupcommit/groupcommit/internal/oracle"
	"github.com/groupcommit/groupcommit/internal/pgproxy"
)

// director runs writers on one schema, lets faults befall them, and asks the oracle what to think of it. It belongs to one goroutine.
type director struct {
	config   *config
	out      io.Writer // the figures
	progress io.Writer
	stage    stage
	deck     *deck
	members  []*member
	recovery *recovery
	oracle   *oracle.Oracle
	audit    *audit
	tally    *tally
}

func newDirector(c *config, out io.Writer) *director {
	return &director{
		config:   c,
		out:      out,
		progress: os.Stderr,
		recovery: newRecovery(),
		oracle:   oracle.New(),
		tally:    newTally(),
	}
}

// run does everything. Its error is the verdict. When ctx ends, the verdict is on what there was until then.
func (d *director) run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, d.stage.close()) }()
	if err := d.stage.open(ctx, d.printf); err != nil {
		return err
	}
	kinds, err := d.config.kinds(d.stage.noDisk, d.tally)
	if err != nil {
		return err
	}
	d.deck = newDeck(kinds, rand.New(rand.NewPCG(d.config.seed, 0)))
	d.audit = newAudit(&d.stage)
	end := time.Now().Add(d.config.duration)
	if d.config.sweep {
		if err := d.sweep(ctx); err != nil {
			return err
		}
	} else {
		d.tally.notTested = append(d.tally.notTested, "cuts at every message of a batch: not asked for")
	}
	if !time.Now().Before(end) {
		return errNoTime
	}
	stop := d.reportProgress(ctx)
	defer stop()
	for time.Now().Before(end) && ctx.Err() == nil {
		if err := d.round(ctx, min(d.config.round, time.Until(end))); err != nil {
			return err
		}
	}
	stop()
	if err := d.audit.whole(context.WithoutCancel(ctx), d.tally); err != nil {
		return err
	}
	d.tally.recoveries, d.tally.median, d.tally.longest = d.recovery.figures()
	d.tally.print(d.out, d.config)
	return d.tally.verdict()
}

// errNoTime says that there was no load, which is not to pass.
var errNoTime = errors.New("the cut sweep has taken all of -duration; give more, or -sweep=false")

// round starts writers, lets faults befall them for a while, lets the writers finish, and judges.
func (d *director) round(ctx context.Context, length time.Duration) error {
	history := newHistory(d.recovery, d.config.writers)
	d.tally.begin(history)
	defer func() {
		for _, m := range d.members {
			m.dismiss()
		}
		d.members = nil
	}()
	for slot := range d.config.writers {
		if err := d.enlist(slot, history); err != nil {
			return err
		}
	}
	if err := d.befall(ctx, time.Now().Add(length)); err != nil {
		return err
	}
	for _, m := range d.members {
		left, err := m.finish()
		d.tally.wrong(unresolved, left)
		if err != nil {
			return fmt.Errorf("%s, of whose futures %d have no verdict: %w", m.name(), left, err)
		}
		d.tally.leave(m)
	}
	return d.judge(context.WithoutCancel(ctx), history)
}

// enlist starts a writer.
func (d *director) enlist(slot int, history *history) error {
	url, err := d.stage.url()
	if err != nil {
		return err
	}
	proxy, err := pgproxy.Start(url, 0)
	if err != nil {
		return err
	}
	m := &member{slot: slot, proxy: proxy, history: history}
	d.members = append(d.members, m)
	place := d.tally.rounds*d.config.writers + slot
	return m.start(assignment{
		URL:       proxy.URL(),
		Schema:    schema,
		Name:      m.name(),
		Tuning:    someTuning(rand.New(rand.NewPCG(d.config.seed, uint64(place)))),
		Seed:      d.config.seed,
		Submitter: 1 + place*maxSuccessors*d.config.clients,
		Clients:   d.config.clients,
		Pause:     d.config.pause,
		After:     d.audit.end,
	})
}

// maxSuccessors is how many processes may take a place one after the other, so that the numbers of their clients depend on nothing else.
const maxSuccessors = 1000

// befall lets faults happen until the round is over, one after the other, with a little time between them.
func (d *director) befall(ctx context.Context, end time.Time) error {
	for time.Now().Before(end) {
		f, random := d.deck.deal()
		if !pause(ctx, between(random, d.config.calm/10, d.config.calm)) {
			return nil
		}
		err := f.inject(ctx, d, random)
		missed := errors.Is(err, errMissed)
		if err != nil && !missed && ctx.Err() == nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		d.tally.befell(f.name, missed)
		if d.config.verbose {
			d.printf("%s  %s, missed: %v", time.Now().Format("15:04:05.000"), f.name, missed)
		}
	}
	return nil
}

func (d *director) someMember(random *rand.Rand) *member {
	return d.members[random.IntN(len(d.members))]
}

func (d *director) slots() (slots []int) {
	for _, m := range d.members {
		slots = append(slots, m.slot)
	}
	return slots
}

// judge asks what the round has come to.
func (d *director) judge(ctx context.Context, h *history) error {
	events, digests, err := d.audit.read(ctx, d.tally)
	if err != nil {
		return err
	}
	d.tally.end(h, digests)
	d.tally.judge(h, d.oracle.Judge(h.forOracle(), events), digests)
	return nil
}

func (d *director) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(d.progress, format+"\n", args...)
}

// reportProgress says every ten seconds how things stand.
func (d *director) reportProgress(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	begun := time.Now()
	go func() {
		defer close(done)
		for pause(ctx, 10*time.Second) {
			d.printf("%6s  %s", time.Since(begun).Round(time.Second), d.tally.line())
		}
	}()
	return func() {
		cancel()
		<-done
	}
}
