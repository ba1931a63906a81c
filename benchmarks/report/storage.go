package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

const (
	flushes   = 500
	flushSize = 8192 // a page of the write-ahead log
)

// storage tells what the directory is on and how long a flush takes there.
func storage(directory string) (fact, error) {
	times, err := measureFlushes(directory)
	if err != nil {
		return fact{}, fmt.Errorf("measuring the storage: %w", err)
	}
	flush := fmt.Sprintf("8 kB are written and flushed in %s ms (the median of %d)", number(median(times)), flushes)
	return fact{"Storage", strings.TrimPrefix(fileSystem(directory)+": "+flush, ": ")}, nil
}

// measureFlushes writes page by page into a file that has its size already, as PostgreSQL does into its log, and flushes each. The times
// are in milliseconds.
func measureFlushes(directory string) (times []float64, err error) {
	file, err := os.CreateTemp(directory, "flush-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(file.Name())) }()
	if _, err := file.Write(make([]byte, flushes*flushSize)); err != nil {
		return nil, err
	}
	if err := file.Sync(); err != nil {
		return nil, err
	}
	page := []byte(strings.Repeat("x", flushSize))
	for i := range int64(flushes) {
		began := time.Now()
		if _, err := file.WriteAt(page, i*flushSize); err != nil {
			return nil, err
		}
		if err := flush(file); err != nil {
			return nil, err
		}
		times = append(times, time.Since(began).Seconds()*1000)
	}
	return times, nil
}
