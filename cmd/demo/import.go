package main

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/importer"
)

// errNoSource is about the configuration. The parser's own words could tell a password.
var errNoSource = errors.New("SOURCE_URL and DATABASE_URL have to say where to import from, and into, as connection strings")

// tellEvery is how often an import says how far it is.
const tellEvery = 10 * time.Second

// importEvents takes over the events of an EventCore table. It can be run again, until all are there, and behind its end once there are more.
func importEvents(ctx context.Context, c *config, out *terminal) error {
	if c.SourceURL == "" || c.Store.DatabaseURL == "" {
		return errNoSource
	}
	from, err := pgxpool.ParseConfig(c.SourceURL)
	if err != nil {
		return errNoSource
	}
	pool, err := pgxpool.NewWithConfig(ctx, from)
	if err != nil {
		return err
	}
	defer pool.Close()
	source, err := importer.NewPostgres(importer.PostgresConfig{Pool: pool, Table: c.SourceTable})
	if err != nil {
		return err
	}
	config := c.Store
	config.Migrate = true
	store, err := groupcommit.Open(ctx, config)
	if err != nil {
		return interruption(ctx, err)
	}
	err = importFrom(ctx, store, source, importer.Options{Name: "demo " + c.SourceTable, After: c.SourceAfter}, out)
	return interruption(ctx, errors.Join(err, closeStore(store)))
}

func importFrom(ctx context.Context, store *groupcommit.Store, source importer.Source, options importer.Options, out *terminal) error {
	begun := time.Now()
	told := begun
	options.Progress = func(events int64, cursor string) {
		if now := time.Now(); now.Sub(told) >= tellEvery {
			told = now
			out.logf("  %s events, up to %s", thousands(int(events)), cursor)
		}
	}
	out.logf("Importing ...")
	report, err := importer.Run(ctx, store, source, options)
	took := time.Since(begun).Seconds()
	out.logf("%s in %.1f s, %s/s; %s of them were there before",
		plural(int(report.Events), "event"), took, thousands(int(float64(report.Events)/took)), thousands(int(report.Repeated)))
	if failed := err != nil && ctx.Err() == nil; report.Cursor != "" && !failed {
		out.logf("What follows in the source is imported with SOURCE_AFTER=%s", report.Cursor)
	}
	return err
}
