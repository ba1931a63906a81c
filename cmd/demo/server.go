package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/groupcommit/groupcommit/internal/ephemeral"
)

// server is a PostgreSQL and a schema on it that is nobody else's.
type server struct {
	url   string
	facts serverFacts
	owner *ephemeral.Server
}

// serverFacts is what the server says of itself, and how we came to it.
type serverFacts struct {
	Version           string `json:"version"`
	Host              string `json:"host"`
	ThrowAway         bool   `json:"throw_away"`
	Schema            string `json:"schema"`
	Fsync             string `json:"fsync"`
	FullPageWrites    string `json:"full_page_writes"`
	SynchronousCommit string `json:"synchronous_commit"`
}

// durable tells whether a commit that the server acknowledges survives its crash.
func (f *serverFacts) durable() bool {
	return f.Fsync == "on" && f.FullPageWrites == "on" && f.SynchronousCommit != "off"
}

// openServer finds or starts a server and chooses a schema, which the store creates. The caller closes it.
func openServer(ctx context.Context, c *config, out *terminal) (*server, error) {
	owner, err := ephemeral.Open(ctx, ephemeral.Options{Version: c.Version, Logf: out.logf})
	if err != nil {
		return nil, err
	}
	s := &server{url: owner.URL(), owner: owner}
	if s.facts, err = ask(ctx, s.url); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	s.facts.ThrowAway = owner.Owned()
	s.facts.Schema = "groupcommit_demo_" + strings.ToLower(rand.Text()[:10])
	return s, nil
}

func ask(ctx context.Context, url string) (serverFacts, error) {
	conn, err := ephemeral.Connect(ctx, url)
	if err != nil {
		return serverFacts{}, err
	}
	defer conn.Close(ctx)
	address := conn.Config()
	facts := serverFacts{Host: net.JoinHostPort(address.Host, strconv.Itoa(int(address.Port)))}
	const sql = `SELECT current_setting('server_version'), current_setting('fsync'), current_setting('full_page_writes'),
		current_setting('synchronous_commit')`
	err = conn.QueryRow(ctx, sql).Scan(&facts.Version, &facts.Fsync, &facts.FullPageWrites, &facts.SynchronousCommit)
	if err != nil {
		return serverFacts{}, fmt.Errorf("asking the server for its settings: %w", err)
	}
	facts.Version, _, _ = strings.Cut(facts.Version, " ") // Debian adds its own version
	return facts, nil
}

// close drops the schema and stops the server if it is ours.
func (s *server) close() error {
	return errors.Join(s.drop(), s.stop())
}

func (s *server) drop() error {
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
	defer cancel()
	if err := ephemeral.DropSchema(ctx, s.url, s.facts.Schema); err != nil {
		return fmt.Errorf("the schema %s is still there: %w", s.facts.Schema, err)
	}
	return nil
}

func (s *server) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
	defer cancel()
	return s.owner.Stop(ctx)
}
