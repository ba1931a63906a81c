package ephemeral

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/groupcommit/groupcommit/internal/process"
)

var (
	// ErrNotOwned is returned for a server that DATABASE_URL names: it is not ours to crash or start.
	ErrNotOwned = errors.New("ephemeral: the server is not ours")
	// ErrStopped is returned after Stop.
	ErrStopped = errors.New("ephemeral: the server was stopped and removed")

	errInUse = errors.New("processes of the server before still run")
)

const (
	startTimeout = time.Minute      // creating a cluster, or starting and recovering one
	killTimeout  = 10 * time.Second // an immediate shutdown; the server itself allows its children 5 s
	pollInterval = 10 * time.Millisecond
)

// Server is a PostgreSQL server: one of ours, or the one that DATABASE_URL names. It is safe for concurrent use; its
// methods that start or end the server run one at a time.
type Server struct {
	url string // a superuser's, on the database postgres, when the server is ours

	// The rest is set once and only for a server of ours.
	bin Binaries
	as  *account
	dir *directory // nil: not ours

	mu      sync.Mutex       // guards what follows
	program *process.Process // nil before the first start
	stopped bool
}

// newServer starts a server on the cluster that create puts into its directory. On failure nothing is left.
func newServer(ctx context.Context, bin Binaries, as *account, create func(ctx context.Context, dir string, port int) error) (*Server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	dir, err := newDirectory(as)
	if err != nil {
		return nil, err
	}
	s := &Server{
		url: fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port),
		bin: bin,
		as:  as,
		dir: dir,
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := create(ctx, dir.path, port); err != nil {
		return nil, errors.Join(err, dir.remove())
	}
	if err := s.Start(ctx); err != nil {
		return nil, errors.Join(err, s.Stop(context.WithoutCancel(ctx)))
	}
	return s, nil
}

// URL returns the connection string. It stays the same through Crash, Kill, Shutdown and Start.
func (s *Server) URL() string { return s.url }

// Owned tells whether the server is ours. One that DATABASE_URL names is not.
func (s *Server) Owned() bool { return s.dir != nil }

// Start starts the server again after Crash, Kill or Shutdown, on the same data and the same port, and returns once it has
// recovered and answers, within a minute. It does nothing when the server runs.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.Owned():
		return ErrNotOwned
	case s.stopped:
		return ErrStopped
	case s.program != nil && s.program.Running():
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		err := s.launch(ctx)
		if !errors.Is(err, errInUse) {
			return err
		}
		// After Kill the server's children take a moment to notice, and a new server refuses to start beside them.
		if !pause(ctx) {
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
	}
}

// Crash ends the server at once and without a checkpoint (an immediate shutdown): the next Start recovers from the log.
// Clients are told that the server shuts down.
func (s *Server) Crash(ctx context.Context) error { return s.abort(ctx, syscall.SIGQUIT) }

// Kill kills the server's parent process with SIGKILL. Its children, one for each connection among them, end by
// themselves when they notice: a commit under way may still succeed.
func (s *Server) Kill(ctx context.Context) error { return s.abort(ctx, syscall.SIGKILL) }

// Shutdown ends the server in good order (a fast shutdown): clients are told, open transactions are rolled back, and a checkpoint is made.
func (s *Server) Shutdown(ctx context.Context) error { return s.abort(ctx, syscall.SIGINT) }

// Stop shuts the server down (open transactions are rolled back, a checkpoint is made) and removes its directory. When
// ctx ends before the server does, the shutdown is immediate. Stop may be called again; on a server that is not ours it
// does nothing.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.Owned() || s.stopped {
		return nil
	}
	s.stopped = true
	if s.program != nil {
		if err := s.program.End(ctx, syscall.SIGINT); err != nil {
			destroy(s.program)
		}
	}
	if err := s.dir.remove(); err != nil {
		return fmt.Errorf("ephemeral: %w", err)
	}
	return nil
}

func (s *Server) abort(ctx context.Context, signal syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.Owned():
		return ErrNotOwned
	case s.stopped:
		return ErrStopped
	}
	return s.program.End(ctx, signal)
}

// launch starts the program and waits until it answers. The caller holds the mutex.
func (s *Server) launch(ctx context.Context) error {
	log, err := os.Create(s.logPath())
	if err != nil {
		return fmt.Errorf("ephemeral: %w", err)
	}
	defer log.Close()
	cmd := command(context.WithoutCancel(ctx), s.as, s.dir.path,
		filepath.Join(s.bin.Dir, "postgres"), "-D", filepath.Join(s.dir.path, "data"))
	cmd.Stdout, cmd.Stderr = log, log
	program, err := process.Start(cmd)
	if err != nil {
		return fmt.Errorf("ephemeral: %w", err)
	}
	if err := s.awaitReady(ctx, program); err != nil {
		destroy(program)
		return err
	}
	s.program = program
	return nil
}

func (s *Server) awaitReady(ctx context.Context, p *process.Process) error {
	for {
		err := ping(ctx, s.url)
		if err == nil {
			return nil
		}
		if !p.Running() {
			return s.startError()
		}
		if !pause(ctx) {
			return fmt.Errorf("ephemeral: PostgreSQL %s does not answer: %w: %w", s.bin.Version, context.Cause(ctx), err)
		}
	}
}

// startError tells from the log why the server ended before it answered.
func (s *Server) startError() error {
	log, err := os.ReadFile(s.logPath())
	if err != nil {
		return fmt.Errorf("ephemeral: %w", err)
	}
	cause := errors.New(tail(log))
	if strings.Contains(string(log), "is still in use") {
		cause = errInUse
	}
	return fmt.Errorf("ephemeral: PostgreSQL %s did not start: %w", s.bin.Version, cause)
}

func (s *Server) logPath() string { return filepath.Join(s.dir.path, "log") }

// destroy ends the program by the quickest means that works.
func destroy(p *process.Process) {
	ctx, cancel := context.WithTimeout(context.Background(), killTimeout)
	defer cancel()
	if err := p.End(ctx, syscall.SIGQUIT); err != nil {
		_ = p.End(context.Background(), syscall.SIGKILL)
	}
}

func ping(ctx context.Context, url string) error {
	conn, err := pgconn.Connect(ctx, url)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// pause waits before the next look. It returns false when ctx ends first.
func pause(ctx context.Context) bool {
	select {
	case <-time.After(pollInterval):
		return true
	case <-ctx.Done():
		return false
	}
}
