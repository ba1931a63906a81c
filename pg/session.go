package pg

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/internal/oneline"
)

// session is a connection of our own, opened when it is first needed and again after it was lost. It is used by one goroutine at a
// time.
type session struct {
	dial    func(context.Context, *session) (*pgx.Conn, error)
	losses  *atomic.Int64 // of all sessions of the store together
	known   int64         // of these, when the connection was last known to be alive
	conn    *pgx.Conn
	started time.Time              // of the server's process
	weak    []command.SettingError // what makes its commits less durable than they should be
	warned  bool                   // the server sent a WARNING
	buffer  []byte                 // empty, for the next message
}

// get returns the connection, opening it where there is none. Its error says that nothing was sent.
func (s *session) get(ctx context.Context) (*pgx.Conn, error) {
	if losses := s.losses.Load(); losses != s.known {
		s.test(ctx)
		s.known = losses
	}
	if s.conn != nil && !s.conn.IsClosed() {
		return s.conn, nil
	}
	conn, err := s.dial(ctx, s)
	if err != nil {
		return nil, oneline.Of(err)
	}
	s.conn = conn
	return conn, nil
}

// test drops a connection that is dead. What has ended one of a store has often ended all of them; found one by one, each would cost an
// attempt, and a pause longer than the one before.
func (s *session) test(ctx context.Context) {
	if s.conn == nil || s.conn.IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, testTimeout)
	defer cancel()
	if err := s.conn.PgConn().Ping(ctx); err != nil {
		s.drop()
	}
}

// lose notes that the connection is gone, if it is.
func (s *session) lose() {
	if s.conn != nil && s.conn.IsClosed() {
		s.drop()
	}
}

// maxBuffer is how large a buffer may be to be kept. A batch of a thousand usual commands needs less.
const maxBuffer = 1 << 20

// keep takes back a buffer that is not in use any more.
func (s *session) keep(buffer []byte) {
	if cap(buffer) <= maxBuffer {
		s.buffer = buffer[:0]
	}
}

// testTimeout is how long a connection that is alive may take to say so.
const testTimeout = time.Second

// drop closes the connection. It does not wait for a server that does not answer.
func (s *session) drop() {
	if s.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_ = s.conn.Close(ctx) // whatever it says, the connection is gone
	s.conn = nil
	s.losses.Add(1)
}

func (s *Store) dialWriter(ctx context.Context, session *session) (*pgx.Conn, error) {
	conn, err := s.dial(ctx, session, map[string]string{
		"default_transaction_isolation":       "read committed",
		"client_min_messages":                 "warning", // a WARNING tells of a commit that no standby has
		"enable_seqscan":                      "off",     // the foreign key's look for the parent must not read all of a young table
		"enable_bitmapscan":                   "off",
		"lock_timeout":                        milliseconds(s.config.LockTimeout),
		"idle_in_transaction_session_timeout": milliseconds(s.config.IdleInTransaction),
	})
	if err != nil {
		return nil, err
	}
	if err := s.prepareWriter(ctx, session, conn); err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	return conn, nil
}

func (s *Store) prepareWriter(ctx context.Context, session *session, conn *pgx.Conn) error {
	if err := s.checkDurability(ctx, session.weak); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, markSQL, s.writerKey(), s.processKey()); err != nil {
		return err
	}
	return s.prepareInserts(ctx, conn.PgConn())
}

// dialLooker pins the plans of the look-ups: on a table that is young, or was never analysed, the planner would read all of it
// rather than step down an index once per stream.
func (s *Store) dialLooker(ctx context.Context, session *session) (*pgx.Conn, error) {
	return s.dial(ctx, session, map[string]string{
		"default_transaction_isolation": "read committed", // what is looked at while taking the turn is as new as the turn
		"enable_seqscan":                "off",
		"enable_bitmapscan":             "off",
		"jit":                           "off",
		"lock_timeout":                  "0", // who waits for the turn is not to lose the place in line
		"statement_timeout":             "0",
	})
}

func (s *Store) dialControl(ctx context.Context, session *session) (*pgx.Conn, error) {
	return s.dial(ctx, session, nil)
}

// milliseconds is a setting of the server, for which 0 would mean no limit.
func milliseconds(d time.Duration) string { return fmt.Sprintf("%dms", max(d.Milliseconds(), 1)) }

// dial opens a connection, gives its session these settings, and checks it.
func (s *Store) dial(ctx context.Context, session *session, settings map[string]string) (*pgx.Conn, error) {
	config, err := s.connConfig(ctx)
	if err != nil {
		return nil, err
	}
	onNotice := config.OnNotice
	config.OnNotice = func(conn *pgconn.PgConn, notice *pgconn.Notice) {
		if notice.SeverityUnlocalized == "WARNING" {
			session.warned = true
		}
		if onNotice != nil {
			onNotice(conn, notice)
		}
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	facts, err := s.prepareSession(ctx, conn, settings)
	if err == nil {
		err = s.checkSession(conn, facts)
	}
	if err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	session.started, session.weak = facts.started, facts.weaknesses()
	return conn, nil
}

// prepareSession gives the session its settings and asks what it has then, as the role, the database and the hooks have left it.
func (s *Store) prepareSession(ctx context.Context, conn *pgx.Conn, settings map[string]string) (*sessionFacts, error) {
	if hook := s.config.Pool.AfterConnect; hook != nil {
		if err := hook(ctx, conn); err != nil {
			return nil, fmt.Errorf("AfterConnect: %w", err)
		}
	}
	var names, values []string
	for name, value := range settings {
		names, values = append(names, name), append(values, value)
	}
	const query = `
SELECT pid, backend_start, (SELECT count(set_config(name, value, false)) FROM unnest($1::text[], $2::text[]) AS s(name, value)),
	pg_is_in_recovery(), (SELECT json_object_agg(name, current_setting(name, true)) FROM unnest($3::text[]) AS j(name))
FROM pg_stat_activity WHERE pid = pg_backend_pid()`
	var facts sessionFacts
	var set int
	err := conn.QueryRow(ctx, query, names, values, checkedSettings).Scan(&facts.pid, &facts.started, &set, &facts.standby, &facts.settings)
	if err != nil {
		return nil, fmt.Errorf("setting up a session: %w", err)
	}
	return &facts, nil
}
