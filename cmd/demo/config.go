package main

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/groupcommit/groupcommit"
)

// config is read from the environment. The tag help makes a line of demo -h.
type config struct {
	Version string `env:"POSTGRES_VERSION" help:"major version of the throw-away server, 15 to 18; what is found, else the newest"`

	HotClients   []int         `env:"DEMO_CLIENTS" envDefault:"1,10,100" help:"clients of W1 and W2, one run for each number"`
	BatchClients []int         `env:"DEMO_BATCH_CLIENTS" envDefault:"1,10" help:"the same for W3"`
	ManyClients  []int         `env:"DEMO_STREAM_CLIENTS" envDefault:"1,100,4000" help:"the same for W4"`
	Streams      int           `env:"DEMO_STREAMS" envDefault:"20000" help:"streams of W4"`
	RunFor       time.Duration `env:"DEMO_RUN_FOR" envDefault:"2500ms" help:"after which a run ends ..."`
	Commands     int           `env:"DEMO_COMMANDS" envDefault:"100000" help:"... or after so many commands, if that is sooner; W3 always has 100 or 50"`
	Report       string        `env:"DEMO_REPORT" help:"file to write the same figures to, as JSON"`

	Listen        string   `env:"DEMO_LISTEN" envDefault:"127.0.0.1:8080" help:"address at which demo serve shows its page"`
	Hosts         []string `env:"DEMO_HOSTS" help:"names by which it is reached, beside localhost and the machine's own"`
	ServeClients  []int    `env:"DEMO_SERVE_CLIENTS" envDefault:"4,2,40" help:"clients of W1, W2 and W4 that demo serve begins with"`
	ServeCommands int      `env:"DEMO_SERVE_COMMANDS" envDefault:"10000000" help:"after which its load ends, so that it does not fill the disk"`
	Profiles      bool     `env:"DEMO_PROFILES" envDefault:"false" help:"whether it serves profiles, too"`

	SourceURL   string `env:"SOURCE_URL" help:"database that demo import reads ..."`
	SourceTable string `env:"SOURCE_TABLE" envDefault:"events" help:"... the table in it, as EventCore has it ..."`
	SourceAfter string `env:"SOURCE_AFTER" help:"... and behind which of its events, as demo import has told; the start"`

	NoColor string `env:"NO_COLOR" help:"anything: no colours"`
	Term    string `env:"TERM"`

	// Store has DATABASE_URL and what GROUPCOMMIT_* says. Schema, Migrate and Hooks are the demo's own.
	Store groupcommit.Config
}

func readConfig() (*config, error) {
	c := &config{}
	if err := env.Parse(c); err != nil {
		return nil, withVariables(err)
	}
	return c, c.check()
}

// withVariables names the variable where env names the field.
func withVariables(err error) error {
	all, ok := errors.AsType[env.AggregateError](err)
	if !ok {
		return err
	}
	named := make([]error, len(all.Errors))
	for i, err := range all.Errors {
		named[i] = err
		if parse, ok := errors.AsType[env.ParseError](err); ok {
			named[i] = fmt.Errorf("%s: %w", variable(parse.Name), parse.Err)
		}
	}
	return errors.Join(named...)
}

// variable is what sets a field of config, or of the groupcommit.Config within.
func variable(name string) string {
	for _, t := range []reflect.Type{reflect.TypeFor[config](), reflect.TypeFor[groupcommit.Config]()} {
		if field, ok := t.FieldByName(name); ok && field.Tag.Get("env") != "" {
			return field.Tag.Get("env")
		}
	}
	return name
}

func (c *config) check() error {
	none := func(clients int) bool { return clients < 1 }
	switch {
	case slices.ContainsFunc(slices.Concat(c.HotClients, c.BatchClients, c.ManyClients), none):
		return errors.New("DEMO_CLIENTS, DEMO_BATCH_CLIENTS, DEMO_STREAM_CLIENTS: a run has at least one client")
	case c.Streams < 1:
		return errors.New("DEMO_STREAMS: at least one is needed")
	case c.RunFor <= 0:
		return errors.New("DEMO_RUN_FOR: it must be longer than nothing")
	case len(c.ServeClients) != 3 || slices.Min(c.ServeClients) < 0 || slices.Max(c.ServeClients) > mostClients:
		return fmt.Errorf("DEMO_SERVE_CLIENTS: three numbers are needed, 0 to %d", mostClients)
	case c.ServeCommands < 1:
		return errors.New("DEMO_SERVE_COMMANDS: at least one is needed")
	case c.Commands < 1:
		return errors.New("DEMO_COMMANDS: at least one is needed")
	}
	return nil
}

// storeConfig is that of a store in the schema of a server.
func (c *config) storeConfig(s *server) groupcommit.Config {
	store := c.Store
	store.DatabaseURL = s.url
	store.Schema = s.facts.Schema
	store.Migrate = true
	return store
}
