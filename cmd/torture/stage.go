package main

import (
	"context"
	"net/url"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/ephemeral"
)

const (
	schema = "torture"
	role   = "writer" // of the writers: with no more rights than it needs
)

// stage is what a run works on: a server of its own, and a schema.
type stage struct {
	server *ephemeral.Server
	disk   *disk // nil where there can be none
	noDisk error // why
}

// open sets everything up. The caller closes the stage, also when that fails.
func (s *stage) open(ctx context.Context, logf func(string, ...any)) (err error) {
	if s.server, err = ephemeral.Start(ctx, ephemeral.Options{Logf: logf}); err != nil {
		return err
	}
	if err := groupcommit.Migrate(ctx, groupcommit.Config{DatabaseURL: s.server.URL(), Schema: schema}); err != nil {
		return err
	}
	if err := s.exec(ctx,
		"CREATE ROLE "+role+" LOGIN",
		"GRANT USAGE ON SCHEMA "+schema+" TO "+role,
		"GRANT SELECT, INSERT ON events, commits, command_ids TO "+role,
	); err != nil {
		return err
	}
	s.disk, s.noDisk = newDisk(ctx, s)
	return nil
}

// close leaves nothing behind.
func (s *stage) close() error {
	if s.server == nil {
		return nil
	}
	err := s.server.Stop(context.Background())
	s.disk.close()
	return err
}

// url is a connection string of the writers, not by way of a proxy.
func (s *stage) url() (string, error) {
	u, err := url.Parse(s.server.URL())
	if err != nil {
		return "", err
	}
	u.User = url.User(role)
	return u.String(), nil
}

// connect opens a connection of a superuser, which no fault touches but those of the server.
func (s *stage) connect(ctx context.Context) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(s.server.URL())
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["search_path"] = schema
	return pgx.ConnectConfig(ctx, config)
}

// exec runs statements, each in a transaction of its own.
func (s *stage) exec(ctx context.Context, statements ...string) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, sql := range statements {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// number asks for a number.
func (s *stage) number(ctx context.Context, sql string, arguments ...any) (n int64, err error) {
	conn, err := s.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	err = conn.QueryRow(ctx, sql, arguments...).Scan(&n)
	return n, err
}
