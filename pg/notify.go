package pg

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Whoever follows the log in another process is told of what was appended by NOTIFY: after the commit, in a transaction of its own and on a
// connection of its own. In the commit itself it would hold a lock of the whole server through the flush. Many commits in a short time are told
// of at once.

const (
	tellPause   = 2 * time.Millisecond // between two notifications
	repairPause = time.Second          // after one that failed
)

// channel is the name under which a log is notified of.
func (r *Reader) channel() string {
	return "groupcommit_" + strings.ReplaceAll(r.origin.String(), "-", "")
}

// Appended has those told who follow the log in other processes. It does not wait.
func (s *Store) Appended() {
	select {
	case s.news <- struct{}{}:
	default: // who will be told has not been yet
	}
}

// tell sends notifications until the store is closed. One that fails is made up for by the followers, who also look by themselves.
func (s *Store) tell() {
	defer s.teller.drop()
	for {
		select {
		case <-s.news:
		case <-s.life.Done():
			return
		}
		pause := tellPause
		if err := s.notify(s.life); err != nil {
			s.logger.Debug("groupcommit: a notification was not sent", "error", err)
			pause = repairPause
		}
		rest(s.life, pause)
	}
}

func (s *Store) notify(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, notifyTimeout)
	defer cancel()
	conn, err := s.teller.get(ctx)
	if err != nil {
		return err
	}
	defer s.teller.lose()
	_, err = conn.Exec(ctx, "SELECT pg_notify($1, $2)", s.channel(), s.id.String())
	return scrub(err)
}

const notifyTimeout = 5 * time.Second

// dialTeller opens the connection for notifications. They are not worth a flush of their own.
func (s *Store) dialTeller(ctx context.Context, session *session) (*pgx.Conn, error) {
	return s.dial(ctx, session, map[string]string{"synchronous_commit": "off"})
}

// rest waits for a while, or until ctx ends.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
