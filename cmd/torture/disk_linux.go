package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// disk is a small file system in memory with a table on it, which can be full. What is on it survives the crash of a server, which is what
// befalls it here.
type disk struct{ directory string }

// diskSize is more than the table ever takes. It takes what is in it.
const diskSize = "size=2g"

// newDisk moves command_ids to a file system of its own. An error says why that cannot be.
func newDisk(ctx context.Context, s *stage) (d *disk, err error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("mounting a small file system takes root")
	}
	directory, err := os.MkdirTemp("", "groupcommit-torture-disk-")
	if err != nil {
		return nil, err
	}
	if err := unix.Mount("tmpfs", directory, "tmpfs", 0, diskSize); err != nil {
		_ = os.Remove(directory)
		return nil, fmt.Errorf("mounting a small file system: %w", err)
	}
	d = &disk{directory}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	if err := s.giveToServer(ctx, directory); err != nil {
		return nil, err
	}
	return d, s.exec(ctx,
		"CREATE TABLESPACE small LOCATION '"+directory+"'",
		"ALTER TABLE command_ids SET TABLESPACE small",
	)
}

// giveToServer makes a directory the server's.
func (s *stage) giveToServer(ctx context.Context, directory string) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var data string
	if err := conn.QueryRow(ctx, "SHOW data_directory").Scan(&data); err != nil {
		return err
	}
	var stat unix.Stat_t
	if err := unix.Stat(data, &stat); err != nil {
		return err
	}
	return errors.Join(os.Chown(directory, int(stat.Uid), int(stat.Gid)), os.Chmod(directory, 0o700))
}

// fill leaves no room: the file system becomes as small as what is in it.
func (d *disk) fill() error {
	var s unix.Statfs_t
	if err := unix.Statfs(d.directory, &s); err != nil {
		return err
	}
	return d.resize(fmt.Sprintf("size=%d", int64(s.Blocks-s.Bfree)*s.Bsize))
}

// free makes room again.
func (d *disk) free() error { return d.resize(diskSize) }

func (d *disk) resize(size string) error {
	return unix.Mount("tmpfs", d.directory, "tmpfs", unix.MS_REMOUNT, size)
}

// close removes everything. The server is gone.
func (d *disk) close() {
	if d != nil {
		_ = unix.Unmount(d.directory, unix.MNT_DETACH)
		_ = os.Remove(d.directory)
	}
}
