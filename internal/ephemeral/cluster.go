package ephemeral

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/groupcommit/groupcommit/internal/process"
)

// defaultSettings suit two cores and a few GiB of memory that the client shares. The first three are PostgreSQL's own
// defaults; they are here because every figure and every fault test depends on them.
var defaultSettings = map[string]string{
	"fsync":              "on",
	"full_page_writes":   "on",
	"synchronous_commit": "on",

	"listen_addresses":        "127.0.0.1",
	"unix_socket_directories": "", // none: a path may be too long for one
	"max_connections":         "200",
	"shared_buffers":          "256MB",
	"max_wal_size":            "2GB",
	"min_wal_size":            "512MB",
	"timezone":                "UTC",
	"log_timezone":            "UTC",
}

// createCluster fills dir with a new cluster. The files of the template databases are not flushed: only a crash of the
// machine could lose them, and that ends the cluster anyway.
func createCluster(ctx context.Context, bin Binaries, as *account, dir string, port int, settings map[string]string) error {
	data := filepath.Join(dir, "data")
	cmd := command(ctx, as, dir, filepath.Join(bin.Dir, "initdb"),
		"--pgdata="+data,
		"--username=postgres",
		"--auth=trust",
		"--encoding=UTF8",
		"--locale="+locale(),
		"--no-sync")
	if out, err := process.Output(cmd); err != nil {
		return fmt.Errorf("ephemeral: initdb: %w: %s", err, tail(out))
	}
	merged := maps.Clone(defaultSettings)
	merged["port"] = strconv.Itoa(port)
	maps.Copy(merged, settings)
	return appendSettings(filepath.Join(data, "postgresql.conf"), merged)
}

// locale is the one that every Linux has and that sorts by code point; macOS lacks it.
func locale() string {
	if runtime.GOOS == "darwin" {
		return "C"
	}
	return "C.UTF-8"
}

// appendSettings writes the settings behind initdb's own: the last line of a name wins.
func appendSettings(path string, settings map[string]string) error {
	var lines strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&lines, "%s = '%s'\n", name, strings.ReplaceAll(settings[name], "'", "''"))
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("ephemeral: %w", err)
	}
	_, err = file.WriteString(lines.String())
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("ephemeral: %w", err)
	}
	return nil
}

// freePort picks a port below the range from which systems take the ports of outgoing connections: a client that
// reconnects again and again while the server is down could be given the server's own port, connect to itself and keep
// the server from coming back.
func freePort() (int, error) {
	const first, count, tries = 20000, 12000, 100
	var lastErr error
	for range tries {
		port := first + rand.IntN(count)
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			lastErr = err
			continue
		}
		return port, listener.Close()
	}
	return 0, fmt.Errorf("ephemeral: no free port: %w", lastErr)
}
