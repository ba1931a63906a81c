package groupcommit_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// A role, or a database, may have settings of its own, made for other programs. Here is what could change what is written, how it is judged, or
// what is understood of an error.
var settingsOfOthers = map[string]string{
	"default_transaction_isolation":  "serializable",
	"default_transaction_deferrable": "on",
	"synchronous_commit":             "off",
	"client_min_messages":            "error",
	"client_encoding":                "latin1",
	"search_path":                    "",
	"datestyle":                      "SQL, DMY",
	"intervalstyle":                  "sql_standard",
	"timezone":                       "Asia/Kathmandu",
	"bytea_output":                   "escape",
	"standard_conforming_strings":    "off",
	"extra_float_digits":             "-15",
	"lock_timeout":                   "1h",
	"row_security":                   "off",
}

func TestSettingsOfTheRole(t *testing.T) {
	pool := roleWith(t, settingsOfOthers)
	workInOneBatch(t, openPostgres(t, patient(groupcommit.Config{Pool: pool, SkipJSONCheck: true})))

	schema := pgtest.Schema(t)
	here := openPostgres(t, groupcommit.Config{Pool: pool, Schema: schema})
	there := openPostgres(t, groupcommit.Config{Schema: schema}) // by a role without settings
	event := groupcommit.Event{Type: "Γεγονός", Data: []byte(`"naïve ☃"`)}
	mustAppend(t, here, groupcommit.To("Zoë", groupcommit.NoStream, event))
	mustAppend(t, there, groupcommit.To("Zoë", groupcommit.Exact(1), event))
	_, err := here.Append(t.Context(), groupcommit.To("Zoë", groupcommit.Exact(1), event))
	wantConflict(t, err, groupcommit.ConflictError{Stream: "Zoë", Expected: groupcommit.Exact(1), Actual: 2})
	if a, b := readAll(t, here), readAll(t, there); len(a) != 2 || !slices.EqualFunc(a, b, sameRecorded) || !sameContent(a[0], a[1]) {
		t.Errorf("read as %v and as %v", a, b)
	}
}

func sameRecorded(a, b groupcommit.RecordedEvent) bool {
	return sameContent(a, b) && a.ID == b.ID && a.Position == b.Position && a.RecordedAt.Equal(b.RecordedAt)
}

func sameContent(a, b groupcommit.RecordedEvent) bool {
	return a.Stream == b.Stream && a.Type == b.Type && string(a.Data) == string(b.Data)
}

// The settings change while a store is open, and its connections are lost: with Strict it rather writes nothing.
func TestStrictAfterOpen(t *testing.T) {
	pool := roleWith(t, nil)
	store := openPostgres(t, groupcommit.Config{Pool: pool, Strict: true, RetryFor: time.Second})
	mustAppend(t, store, write("s"))
	role := pool.ConnConfig.User
	pgtest.Exec(t, "ALTER ROLE "+role+" SET synchronous_commit = off")
	pgtest.Exec(t, "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = $1", role)
	_, err := store.Append(t.Context(), write("s"))
	for errors.Is(err, groupcommit.ErrOutcomeUnknown) { // sent before the end of the connection was noticed
		_, err = store.Append(t.Context(), write("s"))
	}
	wantIs(t, err, groupcommit.ErrNotWritten)
	if setting := wantError[*groupcommit.SettingError](t, err); setting.Setting != "synchronous_commit" || setting.Value != "off" {
		t.Errorf("got %v", err)
	}
	pgtest.Exec(t, "ALTER ROLE "+role+" RESET synchronous_commit")
	for errors.Is(err, groupcommit.ErrNotWritten) { // no patience is left from before
		_, err = store.Append(t.Context(), write("s"))
	}
	if err != nil {
		t.Error(err)
	}
}

// The server speaks another language, in which no word of an error is as it is expected to be.
func TestTranslatedErrors(t *testing.T) {
	locale := translation(t)
	if locale == "" {
		t.Skip("the server has no locale whose messages are translated")
	}
	pool := roleWith(t, map[string]string{"lc_messages": locale})
	workInOneBatch(t, openPostgres(t, patient(groupcommit.Config{Pool: pool, SkipJSONCheck: true})))
}

// translation is a locale in which the server tells errors in other words, if it has one.
func translation(t *testing.T) string {
	t.Helper()
	conn := pgtest.Conn(t)
	for _, language := range []string{"de_DE", "fr_FR", "es_ES", "ja_JP", "ru_RU", "zh_CN", "pl_PL", "sv_SE"} {
		for _, encoding := range []string{".UTF-8", ".utf8"} {
			if _, err := conn.Exec(t.Context(), "SET lc_messages = '"+language+encoding+"'"); err != nil {
				continue
			}
			_, err := conn.Exec(t.Context(), "SELECT 1/0")
			if wantError[*pgconn.PgError](t, err).Message != "division by zero" {
				return language + encoding
			}
		}
	}
	return ""
}

// workInOneBatch has commands that the database refuses among others that it does not: each is found, and the others do not notice.
func workInOneBatch(t *testing.T, store *groupcommit.Store) {
	t.Helper()
	for i, refused := range refusedByPostgres {
		futures := submitTogether(t, store, slices.Insert(goodCommands(i, 99), 42, refusedCommand(i))...)
		wantRejected(t, futures[42], refused.code)
		wantNeighbours(t, int64(i*99), slices.Delete(futures, 42, 43))
	}
}

// roleWith connects as a role of its own with these settings, which may do all.
func roleWith(t *testing.T, settings map[string]string) *pgxpool.Config {
	t.Helper()
	pool, err := pgxpool.ParseConfig(pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	role := "test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	pool.ConnConfig.User, pool.ConnConfig.Password = role, uuid.NewString()
	admin := pgtest.Conn(t)
	t.Cleanup(func() {
		if _, err := admin.Exec(context.Background(), "DROP OWNED BY "+role+" CASCADE; DROP ROLE "+role); err != nil {
			t.Error(err)
		}
	})
	pgtest.Exec(t, "CREATE ROLE "+role+" SUPERUSER LOGIN PASSWORD '"+pool.ConnConfig.Password+"'")
	for setting, value := range settings {
		pgtest.Exec(t, "ALTER ROLE "+role+" SET "+setting+" = '"+value+"'")
	}
	return pool
}
