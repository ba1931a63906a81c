package ephemeral

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

const directoryPrefix = "groupcommit-pg-"

// directory is the place of one cluster on disk. Its lock is held by the process that made it: the kernel drops the
// lock when that process dies, and an unlocked directory is garbage.
type directory struct {
	path string
	lock *os.File
}

// newDirectory makes a directory and locks it. Between the two a sweep of another process may take it for garbage: then
// the lock fails or the directory is gone, and the next try has another name.
func newDirectory(owner *account) (*directory, error) {
	const tries = 10
	var lastErr error
	for range tries {
		path, err := os.MkdirTemp(temporaryRoot(), directoryPrefix+"*")
		if err != nil {
			return nil, fmt.Errorf("ephemeral: %w", err)
		}
		lock, err := lockDirectory(path)
		if err != nil {
			lastErr = err
			continue
		}
		d := &directory{path: path, lock: lock}
		if owner != nil {
			if err := os.Chown(path, int(owner.uid), int(owner.gid)); err != nil {
				return nil, errors.Join(fmt.Errorf("ephemeral: %w", err), d.remove())
			}
		}
		return d, nil
	}
	return nil, fmt.Errorf("ephemeral: no directory could be locked: %w", lastErr)
}

// remove deletes the directory. The lock goes last, so that no sweep meddles.
func (d *directory) remove() error {
	return errors.Join(os.RemoveAll(d.path), d.lock.Close())
}

// sweep removes the directories of processes that died. What it may not remove belongs to another user.
func sweep() {
	paths, err := filepath.Glob(filepath.Join(temporaryRoot(), directoryPrefix+"*"))
	if err != nil {
		return
	}
	for _, path := range paths {
		if lock, err := lockDirectory(path); err == nil {
			_ = (&directory{path: path, lock: lock}).remove()
		}
	}
}

// lockDirectory fails when another process holds the lock, and when the directory went away before we had it.
func lockDirectory(path string) (*os.File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), file.Close())
	}
	if _, err := os.Stat(path); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// temporaryRoot prefers /var/tmp, because /tmp is often in memory, where a flush costs nothing and means nothing.
func temporaryRoot() string {
	if os.Getenv("TMPDIR") == "" {
		if info, err := os.Stat("/var/tmp"); err == nil && info.IsDir() {
			return "/var/tmp"
		}
	}
	return os.TempDir()
}
