package ephemeral

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

// releases are the builds to download, by major version.
var releases = map[int]embeddedpostgres.PostgresVersion{
	15: embeddedpostgres.V15,
	16: embeddedpostgres.V16,
	17: embeddedpostgres.V17,
	18: embeddedpostgres.V18,
}

// download returns the server of the major version (0: the newest) from our cache, and fills the cache before if it
// must. Several processes may do so at once: the first one to finish wins.
func download(ctx context.Context, major int, as *account, logf func(string, ...any)) (Binaries, error) {
	if major == 0 {
		major = newestMajor
	}
	release := releases[major]
	cache, err := cacheDir(as)
	if err != nil {
		return Binaries{}, err
	}
	home := filepath.Join(cache, "postgresql-"+string(release))
	if _, err := os.Stat(home); errors.Is(err, os.ErrNotExist) {
		logf("downloading PostgreSQL %s to %s", release, home)
		if err := fetchInto(cache, home, release); err != nil {
			return Binaries{}, fmt.Errorf("download of PostgreSQL %s: %w", release, err)
		}
	}
	return inspect(ctx, filepath.Join(home, "bin"), as)
}

// cacheDir is the user's, unless the server runs under another account, which could not look into root's.
func cacheDir(as *account) (string, error) {
	if as != nil {
		return "/var/cache/groupcommit", nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no directory to download to: %w", err)
	}
	return filepath.Join(dir, "groupcommit"), nil
}

// fetchInto unpacks a release beside home and then renames it, so that home is whole or not there.
func fetchInto(cache, home string, release embeddedpostgres.PostgresVersion) error {
	if err := errors.Join(os.MkdirAll(cache, 0o755), os.Chmod(cache, 0o755)); err != nil {
		return err
	}
	staging, err := os.MkdirTemp(cache, "staging-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(staging)

	unpacked := filepath.Join(staging, "postgresql")
	if err := unpack(staging, unpacked, release); err != nil {
		return err
	}
	if err := readableByAll(unpacked); err != nil {
		return err
	}
	err = os.Rename(unpacked, home)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	return err
}

// unpack downloads a release and unpacks it. It cannot be interrupted.
//
// The library only starts servers, and refuses to as root. So it is given a data directory that cannot be: it downloads,
// checks, unpacks, and then fails with an error about that directory.
func unpack(staging, unpacked string, release embeddedpostgres.PostgresVersion) error {
	defer http.DefaultClient.CloseIdleConnections()
	impossible := filepath.Join(os.DevNull, "data")
	err := embeddedpostgres.NewDatabase(embeddedpostgres.DefaultConfig().
		Version(release).
		Port(0).
		CachePath(filepath.Join(staging, "archive")).
		RuntimePath(filepath.Join(staging, "runtime")).
		BinariesPath(unpacked).
		DataPath(impossible).
		Logger(io.Discard)).Start()
	if err != nil && !strings.Contains(err.Error(), impossible) {
		return err
	}
	return nil
}

// readableByAll undoes a strict umask, so that the account that runs the server can read it.
func readableByAll(root string) error {
	return filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.Type()&os.ModeSymlink != 0 {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		mode := info.Mode().Perm() | 0o444
		if mode&0o100 != 0 {
			mode |= 0o111
		}
		return os.Chmod(path, mode)
	})
}
