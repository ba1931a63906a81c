package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/groupcommit/groupcommit/internal/ephemeral"
)

// Main runs a package's tests and exits. The shared server is started by the first test that asks for it and stopped
// at the end, also when tests failed. When they passed, a goroutine that is left over fails the package.
func Main(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	shared.enable()
	code := m.Run()
	if err := shared.close(); err != nil {
		return fail(err)
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			return fail(err)
		}
	}
	return code
}

func fail(err error) int {
	logf("pgtest: %v", err)
	return 1
}

func logf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
}

var errNoMain = errors.New("pgtest: the package has no TestMain that calls pgtest.Main")

// shared is the server of this test binary.
var shared sharedServer

// sharedServer is opened by whichever test asks first, and closed by Main after the last.
type sharedServer struct {
	mu      sync.Mutex // guards all below; held while the server starts
	enabled bool       // Main runs, so somebody will close it
	server  *ephemeral.Server
	err     error // why it could not be opened; not tried again
}

func (s *sharedServer) enable() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.enabled = true
}

func (s *sharedServer) open() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.enabled:
		return "", errNoMain
	case s.err != nil:
		return "", s.err
	case s.server == nil:
		// Not the context of the test that happens to be first: the server outlives it.
		s.server, s.err = ephemeral.Open(context.Background(), ephemeral.Options{Logf: logf})
		if s.err != nil {
			return "", s.err
		}
	}
	return s.server.URL(), nil
}

func (s *sharedServer) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server == nil {
		return nil
	}
	return stop(s.server)
}
