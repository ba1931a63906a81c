package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit/internal/ephemeral"
)

// settings are those that figures depend on.
var settings = []string{
	"fsync", "synchronous_commit", "full_page_writes", "wal_sync_method", "wal_level", "wal_compression", "wal_buffers",
	"shared_buffers", "max_wal_size", "checkpoint_timeout", "commit_delay", "autovacuum",
}

// database is what there is to know of the server: one of the kind that the benchmarks start, or the one that DATABASE_URL names.
func database(ctx context.Context) (f facts, err error) {
	server, err := ephemeral.Open(ctx, ephemeral.Options{Logf: logf})
	if err != nil {
		return nil, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		err = errors.Join(err, server.Stop(ctx))
	}()
	conn, err := ephemeral.Connect(ctx, server.URL())
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	return ask(ctx, conn, server.Owned())
}

func ask(ctx context.Context, conn *pgx.Conn, owned bool) (facts, error) {
	version, err := show(ctx, conn, "server_version")
	if err != nil {
		return nil, err
	}
	version, _, _ = strings.Cut(version, " ") // Debian adds its own version
	var values []string
	for _, name := range settings {
		value, err := show(ctx, conn, name)
		if err != nil {
			return nil, err
		}
		values = append(values, name+" "+value)
	}
	described := fact{"Settings", strings.Join(values, ", ")}
	if !owned {
		return facts{{"PostgreSQL", version + ", the server that DATABASE_URL names"}, described}, nil
	}
	data, err := show(ctx, conn, "data_directory")
	if err != nil {
		return nil, err
	}
	storage, err := storage(filepath.Dir(data))
	return facts{{"PostgreSQL", version + ", a throw-away server on the same machine"}, described, storage}, err
}

func show(ctx context.Context, conn *pgx.Conn, setting string) (value string, err error) {
	if err := conn.QueryRow(ctx, "SELECT current_setting($1)", setting).Scan(&value); err != nil {
		return "", fmt.Errorf("asking the server for %s: %w", setting, err)
	}
	return value, nil
}
