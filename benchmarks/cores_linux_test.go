package benchmarks

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// setApart gives one half of the cores to the database and the other to this process until the benchmark ends: what the client costs does then
// not come out of what the server has, as where each has a machine of its own.
func setApart(b *testing.B) {
	server := serverProcesses(b)
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		b.Fatal(err)
	}
	if all.Count() < 2 {
		b.Skip("one core cannot be shared out")
	}
	theirs, ours := halves(all)
	pin(server, theirs)
	pin(threads(b), ours)
	procs := runtime.GOMAXPROCS(ours.Count())
	b.Cleanup(func() {
		runtime.GOMAXPROCS(procs)
		pin(threads(b), all)
		pin(server, all)
	})
}

func halves(all unix.CPUSet) (first, second unix.CPUSet) {
	half, seen := all.Count()/2, 0
	for cpu := 0; seen < all.Count(); cpu++ {
		if !all.IsSet(cpu) {
			continue
		}
		if seen < half {
			first.Set(cpu)
		} else {
			second.Set(cpu)
		}
		seen++
	}
	return first, second
}

// pin keeps processes or threads on the cores. Those that have ended meanwhile do not matter; those that they start are pinned like them.
func pin(ids []int, cores unix.CPUSet) {
	for _, id := range ids {
		_ = unix.SchedSetaffinity(id, &cores)
	}
}

// serverProcesses are the server's first process and all that it has started.
func serverProcesses(b *testing.B) []int {
	var backend int
	if err := pgtest.Conn(b).QueryRow(b.Context(), "SELECT pg_backend_pid()").Scan(&backend); err != nil {
		b.Fatal(err)
	}
	parents := make(map[int]int)
	for _, id := range numbered(b, "/proc") {
		if name, parent, ok := status(id); ok && name == "postgres" {
			parents[id] = parent
		}
	}
	first, ok := parents[backend]
	if !ok {
		b.Skip("the database is not on this machine")
	}
	processes := []int{first}
	for id, parent := range parents {
		if parent == first {
			processes = append(processes, id)
		}
	}
	return processes
}

// status reads the name of a process and who started it.
func status(id int) (name string, parent int, ok bool) {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(id), "status"))
	if err != nil {
		return "", 0, false
	}
	fields := strings.Fields(string(data))
	at := slices.Index(fields, "PPid:")
	if at < 0 {
		return "", 0, false
	}
	parent, err = strconv.Atoi(fields[at+1])
	return fields[1], parent, err == nil
}

func threads(b *testing.B) []int { return numbered(b, "/proc/self/task") }

// numbered are the entries of a directory whose names are numbers.
func numbered(b *testing.B, dir string) (numbers []int) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		b.Fatal(err)
	}
	for _, entry := range entries {
		if n, err := strconv.Atoi(entry.Name()); err == nil {
			numbers = append(numbers, n)
		}
	}
	return numbers
}
