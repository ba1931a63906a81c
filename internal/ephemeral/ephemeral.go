// Package ephemeral gives the demo, the tests and the benchmarks a real PostgreSQL: it finds one, downloads one or
// installs one, runs a throw-away cluster on it, and leaves nothing behind.
//
// Two environment variables steer it. DATABASE_URL names a server to use as it is: it is never stopped and never
// crashed. POSTGRES_VERSION forces the major version of a server of our own.
//
// A cluster is durable like a production server (fsync, full_page_writes and synchronous_commit are on), listens on
// 127.0.0.1 only and trusts every client there. It runs on Linux and macOS; it needs no privilege, and drops them when
// it has them, because PostgreSQL refuses to run as root.
//
// The package knows nothing of events or commits.
package ephemeral

import (
	"context"
	"fmt"
	"os"
	"strconv"
)

// The PostgreSQL major versions that are supported.
const (
	oldestMajor = 15
	newestMajor = 18
)

// Options say which server to start and how. The zero value is ready to use.
type Options struct {
	// Version is the major version, "15" to "18". Defaults to POSTGRES_VERSION of the environment, and when that is
	// empty too, to any supported version found on this machine, else the newest that can be had.
	Version string

	// Settings are lines of postgresql.conf. They override the defaults one by one; ALTER SYSTEM overrides both.
	Settings map[string]string

	// Logf is told what takes long: a download, an installation. Defaults to silence.
	Logf func(format string, args ...any)
}

// Open returns the server that DATABASE_URL names, without connecting to it, or else what [Start] returns.
func Open(ctx context.Context, opts Options) (*Server, error) {
	if url := os.Getenv("DATABASE_URL"); url != "" {
		return &Server{url: url}, nil
	}
	return Start(ctx, opts)
}

// Start creates a cluster of our own in a temporary directory, whatever DATABASE_URL says, and returns it once it
// answers. The caller stops it; if this process dies instead, however it dies, the server ends too (on Linux; elsewhere
// once a later run has removed its directory), and the next Start removes what it left on disk.
//
// ctx bounds finding and starting, not the life of the server.
func Start(ctx context.Context, opts Options) (*Server, error) {
	sweep()
	as, err := unprivileged()
	if err != nil {
		return nil, err
	}
	bin, err := provide(ctx, opts, as)
	if err != nil {
		return nil, err
	}
	return newServer(ctx, bin, as, func(ctx context.Context, dir string, port int) error {
		return createCluster(ctx, bin, as, dir, port, opts.Settings)
	})
}

// Provide makes sure that a later [Start] with the same options finds a server, and returns where it is. It does
// nothing when there is one already.
func Provide(ctx context.Context, opts Options) (Binaries, error) {
	as, err := unprivileged()
	if err != nil {
		return Binaries{}, err
	}
	return provide(ctx, opts, as)
}

// major returns the major version asked for, 0 when any will do.
func (o Options) major() (int, error) {
	version := o.Version
	if version == "" {
		version = os.Getenv("POSTGRES_VERSION")
	}
	if version == "" {
		return 0, nil
	}
	major, err := strconv.Atoi(version)
	if err != nil || !supported(major) {
		return 0, fmt.Errorf("ephemeral: PostgreSQL version %q: supported are %d to %d", version, oldestMajor, newestMajor)
	}
	return major, nil
}

func (o Options) logf(format string, args ...any) {
	if o.Logf != nil {
		o.Logf(format, args...)
	}
}

func supported(major int) bool {
	return oldestMajor <= major && major <= newestMajor
}
