package main

import (
	"os"
	"syscall"
)

// flush is what PostgreSQL does by default at the end of a commit.
func flush(file *os.File) error { return syscall.Fdatasync(int(file.Fd())) }
