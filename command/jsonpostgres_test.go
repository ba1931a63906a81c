package command_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"pgregory.net/rapid"

	"github.com/groupcommit/groupcommit/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// What the check accepts, jsonb accepts. What it refuses, jsonb refuses too, but for depth and numbers, of which jsonb bears more.
func TestPostgresAgreesOnJSON(t *testing.T) {
	ctx, conn := t.Context(), pgtest.Conn(t)
	for _, data := range acceptedJSON {
		wantPostgresToAgree(ctx, t, conn, []byte(data))
	}
	for _, c := range refusedJSON {
		wantPostgresToAgree(ctx, t, conn, []byte(c.data))
	}
	rapid.Check(t, func(rt *rapid.T) {
		data := drawJSON(rt)
		wantPostgresToAgree(ctx, rt, conn, data)
		wantPostgresToAgree(ctx, rt, conn, drawDamage(rt, data))
	})
}

func wantPostgresToAgree(ctx context.Context, t rapid.TB, conn *pgx.Conn, data []byte) {
	t.Helper()
	if len(data) == 0 {
		return // which stands for null
	}
	_, err := conn.Exec(ctx, "SELECT $1::jsonb", data)
	if err != nil {
		if _, ok := errors.AsType[*pgconn.PgError](err); !ok {
			t.Fatal(err)
		}
	}
	reason := reasonOf(data)
	if strings.Contains(reason, tooDeep) || strings.Contains(reason, tooLong) {
		return
	}
	if (reason == "") != (err == nil) {
		t.Errorf("%.200q (%d bytes): we say %q, and PostgreSQL %v", data, len(data), reason, err)
	}
}
