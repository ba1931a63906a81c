package pg

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/groupcommit/groupcommit/command"
)

// session is a connection of our own, opened when it is first needed and again after it was lost. It is used by one goroutine.
type session struct {
	dial   func(context.Context) (*pgx.Conn, error)
	conn   *pgx.Conn
	warned atomic.Bool // the server sent a WARNING
}

// get returns the connection, opening it where there is none. Its error says that nothing was sent.
func (s *session) get(ctx context.Context) (*pgx.Conn, error) {
	if s.conn != nil && !s.conn.IsClosed() {
		return s.conn, nil
	}
	conn, err := s.dial(ctx)
	if err != nil {
		return nil, err
	}
	s.conn = conn
	return conn, nil
}

// drop closes the connection. It does not wait for a server that does not answer.
func (s *session) drop() {
	if s.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.conn.Close(ctx) // whatever it says, the connection is gone
	s.conn = nil
}

// connConfig is the configuration of a connection of our own.
func (s *Store) connConfig(ctx context.Context) (*pgx.ConnConfig, error) {
	config := s.config.Pool.ConnConfig.Copy()
	if hook := s.config.Pool.BeforeConnect; hook != nil {
		if err := hook(ctx, config); err != nil {
			return nil, fmt.Errorf("BeforeConnect: %w", err)
		}
	}
	return config, nil
}

func (s *Store) dialWriter(ctx context.Context) (*pgx.Conn, error) {
	return s.dial(ctx, &s.writer, map[string]string{
		"lock_timeout":                        milliseconds(s.config.LockTimeout),
		"idle_in_transaction_session_timeout": milliseconds(s.config.IdleInTransaction),
	})
}

// dialLooker pins the plans of the look-ups: on a table that is young, or was never analysed, the planner would read all of it
// rather than step down an index once per stream.
func (s *Store) dialLooker(ctx context.Context) (*pgx.Conn, error) {
	return s.dial(ctx, &s.looker, map[string]string{
		"enable_seqscan":    "off",
		"enable_bitmapscan": "off",
		"jit":               "off",
	})
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%dms", d.Milliseconds()) }

// dial opens a connection, gives its session these settings, and checks that it is a session.
func (s *Store) dial(ctx context.Context, session *session, settings map[string]string) (*pgx.Conn, error) {
	config, err := s.connConfig(ctx)
	if err != nil {
		return nil, err
	}
	onNotice := config.OnNotice
	config.OnNotice = func(conn *pgconn.PgConn, notice *pgconn.Notice) {
		if notice.SeverityUnlocalized == "WARNING" {
			session.warned.Store(true)
		}
		if onNotice != nil {
			onNotice(conn, notice)
		}
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if err := s.prepareSession(ctx, conn, settings); err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	return conn, nil
}

func (s *Store) prepareSession(ctx context.Context, conn *pgx.Conn, settings map[string]string) error {
	if hook := s.config.Pool.AfterConnect; hook != nil {
		if err := hook(ctx, conn); err != nil {
			return fmt.Errorf("AfterConnect: %w", err)
		}
	}
	var names, values []string
	for name, value := range settings {
		names, values = append(names, name), append(values, value)
	}
	const query = `SELECT pg_backend_pid(), count(set_config(name, value, false)) FROM unnest($1::text[], $2::text[]) AS s(name, value)`
	var pid uint32
	var set int
	if err := conn.QueryRow(ctx, query, names, values).Scan(&pid, &set); err != nil {
		return fmt.Errorf("setting up a session: %w", err)
	}
	if pid != conn.PgConn().PID() {
		return &command.SchemaError{
			Schema:  s.config.Schema,
			Problem: command.SchemaPooler,
			Detail:  "a pooler hands each transaction to another server process; connect directly, or through a pooler in session mode",
		}
	}
	return nil
}
