package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/workload"
	"github.com/groupcommit/groupcommit/projection"
)

// catchUpTimeout is how long read models may take to come to the end of a log to which nothing is written any more.
const catchUpTimeout = 2 * time.Minute

// projections keep the read models of a log up to date while it is written.
type projections struct {
	store  *groupcommit.Store
	models []readModel
	pool   *pgxpool.Pool
	runner *projection.Runner
	stop   context.CancelFunc
	ended  chan error
}

// startProjections makes the tables in a schema of the database at url, and begins. The caller closes the projections, and after that the store.
func startProjections(ctx context.Context, store *groupcommit.Store, url, schema string) (*projections, error) {
	pool, err := newPool(ctx, url)
	if err != nil {
		return nil, err
	}
	p := &projections{store: store, models: readModels(schema), pool: pool, ended: make(chan error, 1)}
	if err := p.prepare(ctx, schema); err != nil {
		pool.Close()
		return nil, fmt.Errorf("preparing the read models: %w", err)
	}
	var members []projection.Member
	for _, m := range p.models {
		members = append(members, m.projection())
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	p.stop = stop
	go func() { p.ended <- p.runner.Run(running, members...) }()
	return p, nil
}

// newPool waits for no flush: what a crash of the server takes back of a read model beside its log is applied again.
func newPool(ctx context.Context, url string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.ConnConfig.RuntimeParams["synchronous_commit"] = "off"
	return pgxpool.NewWithConfig(ctx, config)
}

func (p *projections) prepare(ctx context.Context, schema string) (err error) {
	if p.runner, err = projection.NewRunner(ctx, p.store, projection.Config{Pool: p.pool, Schema: schema, Migrate: true}); err != nil {
		return err
	}
	for _, m := range p.models {
		if _, err := p.pool.Exec(ctx, m.create()); err != nil {
			return err
		}
	}
	return nil
}

func (p *projections) close() error {
	p.stop()
	err := <-p.ended
	p.pool.Close()
	return err
}

// catchUp tells how far behind the read models are, and returns when they have taken in all that is in the log. The end of ctx does not end it.
func (p *projections) catchUp(ctx context.Context) ([]lagReport, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), catchUpTimeout)
	defer cancel()
	statuses, err := p.runner.Status(ctx)
	if err != nil {
		return nil, err
	}
	var lags []lagReport
	for _, s := range statuses {
		lags = append(lags, lagReport{ReadModel: s.Name, Events: s.Lag, MS: milliseconds(s.LagTime)})
	}
	end, err := p.store.End(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range p.models {
		if err := p.runner.WaitFor(ctx, m.projection().Name, end.Position); err != nil {
			return nil, err
		}
	}
	return lags, nil
}

// replays are the invariants of the read models, which have caught up.
func (p *projections) replays(ctx context.Context) (invariants []workload.Invariant, err error) {
	if _, err := p.catchUp(ctx); err != nil {
		return nil, err
	}
	for _, m := range p.models {
		invariant, failed := m.replay(ctx, p.pool)
		if failed == nil {
			invariants = append(invariants, invariant)
		}
		err = errors.Join(err, failed)
	}
	return invariants, err
}
