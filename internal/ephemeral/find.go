package ephemeral

import (
	"context"
	"fmt"
	"iter"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/groupcommit/groupcommit/internal/process"
)

// installations are where packages put servers, by major version: Debian and Ubuntu, the PostgreSQL project's RPMs,
// Homebrew on its three prefixes, Postgres.app.
var installations = []string{
	"/usr/lib/postgresql/%d/bin",
	"/usr/pgsql-%d/bin",
	"/opt/homebrew/opt/postgresql@%d/bin",
	"/usr/local/opt/postgresql@%d/bin",
	"/home/linuxbrew/.linuxbrew/opt/postgresql@%d/bin",
	"/Applications/Postgres.app/Contents/Versions/%d/bin",
}

// Binaries is a PostgreSQL server on this machine's disk.
type Binaries struct {
	Dir     string // holds the programs postgres and initdb
	Version string // such as "18.3"

	major int
}

// find returns the first server on this machine that is of the major version (0: any that is supported) and that as
// may execute.
func find(ctx context.Context, major int, as *account) (Binaries, bool) {
	for dir := range candidates(ctx) {
		bin, err := inspect(ctx, dir, as)
		if err == nil && (major == 0 || bin.major == major) {
			return bin, true
		}
	}
	return Binaries{}, false
}

// candidates yields the directories in which a server may be: what the user put on the PATH first, then the newest.
func candidates(ctx context.Context) iter.Seq[string] {
	return func(yield func(string) bool) {
		if path, err := exec.LookPath("postgres"); err == nil {
			// A link is followed, because the programs find their libraries and each other beside themselves.
			if path, err = filepath.EvalSymlinks(path); err == nil && !yield(filepath.Dir(path)) {
				return
			}
		}
		if dir, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil && !yield(strings.TrimSpace(string(dir))) {
			return
		}
		for major := newestMajor; major >= oldestMajor; major-- {
			for _, pattern := range installations {
				if !yield(fmt.Sprintf(pattern, major)) {
					return
				}
			}
		}
	}
}

// inspect asks the server in dir for its version, as the user who will run it.
func inspect(ctx context.Context, dir string, as *account) (Binaries, error) {
	if _, err := exec.LookPath(filepath.Join(dir, "initdb")); err != nil {
		return Binaries{}, err
	}
	banner, err := process.Output(command(ctx, as, "/", filepath.Join(dir, "postgres"), "--version"))
	if err != nil {
		return Binaries{}, fmt.Errorf("%s: %w", dir, err)
	}
	version, major, err := parseVersion(string(banner))
	if err != nil {
		return Binaries{}, fmt.Errorf("%s: %w", dir, err)
	}
	return Binaries{Dir: dir, Version: version, major: major}, nil
}

var versionPattern = regexp.MustCompile(`^postgres \(PostgreSQL\) ((\d+)\S*)`)

// parseVersion reads what "postgres --version" prints. A version that is not supported is an error.
func parseVersion(banner string) (version string, major int, err error) {
	match := versionPattern.FindStringSubmatch(banner)
	if match == nil {
		return "", 0, fmt.Errorf("not the version of a PostgreSQL server: %q", banner)
	}
	major, err = strconv.Atoi(match[2])
	if err != nil || !supported(major) {
		return "", 0, fmt.Errorf("PostgreSQL %s is not supported", match[1])
	}
	return match[1], major, nil
}
