package main

import (
	"context"
	"os"
	"strconv"
	"strings"
)

// machine is what the kernel tells of the machine.
func machine(ctx context.Context) facts {
	load := strings.Fields(read("/proc/loadavg"))
	return facts{
		{"Processor", field("/proc/cpuinfo", "model name", ":")},
		{"Memory", memory()},
		{"System", strings.Trim(field("/etc/os-release", "PRETTY_NAME", "="), `"`)},
		{"Kernel", output(ctx, "uname", "-sr")},
		{"Load before the run", strings.Join(load[:min(3, len(load))], ", ") + " (1, 5, 15 minutes)"},
	}
}

func memory() string {
	kibibytes, err := strconv.ParseUint(strings.TrimSuffix(field("/proc/meminfo", "MemTotal", ":"), " kB"), 10, 64)
	if err != nil {
		return ""
	}
	return gibibytes(kibibytes << 10)
}

// fileSystem is the type of the file system that a path is on: that of the longest mount point above it, of two the later.
func fileSystem(path string) string {
	var longest, kind string
	for line := range strings.Lines(read("/proc/self/mounts")) {
		fields := strings.Fields(line)
		if len(fields) > 2 && len(fields[1]) >= len(longest) && within(path, fields[1]) {
			longest, kind = fields[1], fields[2]
		}
	}
	return kind
}

func within(path, directory string) bool {
	return strings.HasPrefix(path+"/", strings.TrimSuffix(directory, "/")+"/")
}

// field is the value of the first line with that key.
func field(path, key, separator string) string {
	for line := range strings.Lines(read(path)) {
		if name, value, found := strings.Cut(line, separator); found && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// read is what a file holds, nothing when it is not there.
func read(path string) string {
	data, _ := os.ReadFile(path)
	return string(data)
}
