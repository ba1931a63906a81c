package ephemeral

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/groupcommit/groupcommit/internal/process"
)

// Standby returns a hot standby that follows the server, asynchronously, until it is promoted. The server is shut down for the moment in
// which its files are copied, which needs no program that only some installations have. The caller stops both.
func (s *Server) Standby(ctx context.Context) (*Server, error) {
	if !s.Owned() {
		return nil, ErrNotOwned
	}
	return newServer(ctx, s.bin, s.as, func(ctx context.Context, dir string, port int) error {
		if err := s.abort(ctx, syscall.SIGINT); err != nil {
			return err
		}
		return errors.Join(s.copyCluster(ctx, dir, port), s.Start(ctx))
	})
}

// copyCluster fills dir with the cluster of a server that is shut down, made a standby of it.
func (s *Server) copyCluster(ctx context.Context, dir string, port int) error {
	primary, err := pgconn.ParseConfig(s.url)
	if err != nil {
		return fmt.Errorf("ephemeral: %w", err)
	}
	data := filepath.Join(dir, "data")
	for _, args := range [][]string{
		{"cp", "-R", filepath.Join(s.dir.path, "data"), data},
		{"touch", filepath.Join(data, "standby.signal")},
	} {
		if out, err := process.Output(command(ctx, s.as, dir, args[0], args[1:]...)); err != nil {
			return fmt.Errorf("ephemeral: %s: %w: %s", args[0], err, tail(out))
		}
	}
	return appendSettings(filepath.Join(data, "postgresql.conf"), map[string]string{
		"port":             strconv.Itoa(port),
		"primary_conninfo": fmt.Sprintf("host=%s port=%d user=%s", primary.Host, primary.Port, primary.User),
	})
}

// Promote makes a standby a server of its own, and returns once it takes writes. pg_promote can wait for that, too, but what it waits for may
// have to wait for it: its snapshot can be in the way of what is still to be replayed.
func (s *Server) Promote(ctx context.Context) error {
	conn, err := pgconn.Connect(ctx, s.url)
	if err != nil {
		return fmt.Errorf("ephemeral: %w", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "SELECT pg_promote(false)").ReadAll(); err != nil {
		return fmt.Errorf("ephemeral: %w", err)
	}
	for pgconn.ValidateConnectTargetSessionAttrsPrimary(ctx, conn) != nil {
		if !pause(ctx) {
			return fmt.Errorf("ephemeral: the standby is not promoted: %w", context.Cause(ctx))
		}
	}
	return nil
}
