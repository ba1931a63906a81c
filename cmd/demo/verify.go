package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/migrations"
)

// errNoDatabase is about the configuration: a throw-away server has no log to verify.
var errNoDatabase = errors.New("DATABASE_URL says where the log to verify is, and it is not set")

// verify proves that the log of a database is sound, or says where it is not. It changes nothing.
func verify(ctx context.Context, c *config, out *terminal) error {
	if c.Store.DatabaseURL == "" {
		return errNoDatabase
	}
	config := c.Store
	config.Migrate = false
	store, err := groupcommit.Open(ctx, config)
	if err != nil {
		return interruption(ctx, err)
	}
	err = verifyStore(ctx, c, store, out)
	return interruption(ctx, errors.Join(err, closeStore(store)))
}

func verifyStore(ctx context.Context, c *config, store *groupcommit.Store, out *terminal) error {
	facts, err := ask(ctx, c.Store.DatabaseURL)
	if err != nil {
		return err
	}
	out.logf("Reading the whole log ...")
	begun := time.Now()
	report, err := store.Verify(ctx)
	if err != nil {
		return err
	}
	out.printVersions(&facts)
	out.printVerification(&report, time.Since(begun))
	return damage(&report)
}

// damage is an error that says what is wrong first, and how much in all, nil when nothing is.
func damage(r *groupcommit.VerifyReport) error {
	if r.Sound() {
		return nil
	}
	return fmt.Errorf("the log is damaged, %s, the first at %v", plural(int(r.Damages), "finding"), r.Findings[0])
}

// printVersions says what was at work: Open has made sure that the schema is at this version.
func (t *terminal) printVersions(server *serverFacts) {
	t.printf("  %-12s groupcommit %s, schema %d, PostgreSQL %s\n", "versions", programVersion(), migrations.Latest, server.Version)
}

func (t *terminal) printVerification(r *groupcommit.VerifyReport, took time.Duration) {
	line := func(name, value string) { t.printf("  %-12s %s\n", name, value) }
	line("identity", identity(r.LogID))
	line("end", "position "+thousands(int(r.End)))
	line("events", fmt.Sprintf("%s of %s", thousands(int(r.Events)), plural(int(r.Streams), "stream")))
	line("commits", fmt.Sprintf("%s of %s", thousands(int(r.Commits)), plural(int(r.Commands), "command")))
	line("command IDs", thousands(int(r.CommandIDs)))
	if r.Commits > 0 {
		line("written", r.FirstAt.Format(time.RFC3339)+" to "+r.LastAt.Format(time.RFC3339))
	}
	t.printf("Read in %.1f s:\n", took.Seconds())
	if r.Sound() {
		t.printf("  %s  the commits form one chain, and every event and every command ID is in its place\n", t.style.green("ok"))
	}
	for _, finding := range r.Findings {
		t.printf("  %s  %v\n", t.style.red("NO"), finding)
	}
	if more := int(r.Damages) - len(r.Findings); more > 0 {
		t.printf("  and %s more\n", thousands(more))
	}
}

// programVersion is what the go command has built, "(devel)" where that is a directory.
func programVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "unknown"
}

func identity(log uuid.UUID) string {
	if log == uuid.Nil {
		return "unknown: its first commit is not there any more"
	}
	return log.String()
}
