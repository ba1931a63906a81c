package groupcommit_test

import (
	"bytes"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// anyBytes are data of a store of bytea, and most of them of no other.
var anyBytes = [][]byte{
	nil, {}, {0}, []byte("\x00\xff"), []byte("\xed\xa0\x80"), []byte(`{"a":`), []byte(`{ "b" : 1, "a" : 1e2, "a" : 2 }`), []byte(`\x00`), bytes.Repeat([]byte{0xfe}, 1<<20),
}

func inBytea(config groupcommit.Config) groupcommit.Config {
	config.DataType = groupcommit.DataBytea
	return config
}

// What is handed in comes back byte for byte, from a commit of its own and from one with others.
func TestAnyBytes(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, patient(inBytea(groupcommit.Config{})))
		events := make([]groupcommit.Event, len(anyBytes))
		for i, data := range anyBytes {
			events[i] = groupcommit.Event{Type: "Any", Data: data}.With(groupcommit.Metadata{UserID: "ann"})
			mustResult(t, submitTogether(t, store, groupcommit.To("alone", groupcommit.Exact(int64(i)), events[i]))[0])
		}
		mustResult(t, submitTogether(t, store, groupcommit.To("together", groupcommit.NoStream, append(events, events...)...))[0])
		for i, event := range readAll(t, store) {
			if data := anyBytes[i%len(anyBytes)]; !bytes.Equal(event.Data, data) {
				t.Errorf("event %d: got %.100q, want %.100q", i, event.Data, data)
			}
			wantJSON(t, event.Metadata, []byte(`{"user_id":"ann"}`))
		}
		wantVersion(t, store, "together", int64(2*len(anyBytes)))
	})
}

// Any bytes are data, and nothing else is accepted that would not be otherwise.
func TestAnyBytesAreNoMetadata(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, inBytea(groupcommit.Config{}))
		for _, metadata := range anyBytes[2:6] {
			_, err := store.Append(t.Context(), groupcommit.To("s", groupcommit.Any, groupcommit.Event{Type: "E", Metadata: metadata}))
			invalidAt("Streams[0].Events[0].Metadata")(t, err)
		}
		_, err := store.Append(t.Context(), groupcommit.To("s", groupcommit.Any, groupcommit.JSON("E", make(chan int))))
		invalidAt("Streams[0].Events[0].Data")(t, err)
		wantVersion(t, store, "s", 0)
	})
}

// Metadata that is trusted is left to PostgreSQL, which looks at it and not at data.
func TestAnyBytesWithTrustedMetadata(t *testing.T) {
	store := openPostgres(t, patient(inBytea(groupcommit.Config{SkipJSONCheck: true})))
	poison := groupcommit.Event{Type: "Poison", Data: []byte("canary"), Metadata: []byte("canary")}
	futures := submitTogether(t, store,
		groupcommit.To("s", groupcommit.Any, withData("\x00")),
		groupcommit.To("s", groupcommit.Any, poison),
		groupcommit.To("s", groupcommit.Exact(1), withData("\xff")),
	)
	wantRejected(t, futures[1], "22P02")
	mustResult(t, futures[0])
	mustResult(t, futures[2])
}

// A retry is known by its bytes.
func TestIdempotentRetryOfAnyBytes(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, inBytea(groupcommit.Config{}))
		for _, data := range anyBytes[2:] {
			cmd := identified(groupcommit.To("s", groupcommit.Any, groupcommit.Event{Type: "Any", Data: data}))
			first := mustAppend(t, store, cmd)
			wantDuplicate(t, mustAppend(t, store, cmd), first)

			other := bytes.Clone(data)
			other[len(other)-1] ^= 1
			cmd.Streams[0].Events[0].Data = other
			_, err := store.Append(t.Context(), cmd)
			wantError[*groupcommit.ReusedIDError](t, err)
		}
	})
}

// The data type of a schema counts, also where the Config does not name it.
func TestDataTypeOfTheSchema(t *testing.T) {
	anything := groupcommit.To("s", groupcommit.Any, withData("\xff"))

	schema := pgtest.Schema(t)
	mustAppend(t, openPostgres(t, groupcommit.Config{Schema: schema, DataType: groupcommit.DataBytea}), anything)
	store := openPostgres(t, groupcommit.Config{Schema: schema})
	mustAppend(t, store, anything)
	for _, event := range readAll(t, store) {
		if string(event.Data) != "\xff" {
			t.Errorf("got %q", event.Data)
		}
	}

	schema = pgtest.Schema(t)
	mustAppend(t, openPostgres(t, groupcommit.Config{Schema: schema}), write("s"))
	for _, dataType := range []groupcommit.DataType{"", groupcommit.DataJSONB} {
		_, err := openPostgres(t, groupcommit.Config{Schema: schema, DataType: dataType}).Append(t.Context(), anything)
		invalidAt("Streams[0].Events[0].Data")(t, err)
	}
}

// A store is not opened on a schema of the other type, and nothing happens to the schema.
func TestOtherDataType(t *testing.T) {
	for _, c := range []struct{ created, asked groupcommit.DataType }{
		{groupcommit.DataJSONB, groupcommit.DataBytea},
		{groupcommit.DataBytea, groupcommit.DataJSONB},
	} {
		t.Run(string(c.asked), func(t *testing.T) {
			config := groupcommit.Config{DatabaseURL: pgtest.URL(t), Schema: pgtest.Schema(t), DataType: c.created}
			if err := groupcommit.Migrate(t.Context(), config); err != nil {
				t.Fatal(err)
			}
			store := openPostgres(t, config)
			mustAppend(t, store, write("s"))

			config.DataType = c.asked
			for name, err := range map[string]error{
				"Open":                wantNotOpened(t, t.Context(), config),
				"Open with migration": wantNotOpened(t, t.Context(), migrating(config)),
				"Migrate":             groupcommit.Migrate(t.Context(), config),
			} {
				if e := wantError[*groupcommit.SchemaError](t, err); e.Problem != groupcommit.SchemaDataType || e.Schema != config.Schema {
					t.Errorf("%s: %v", name, err)
				}
			}
			mustAppend(t, store, write("s"))
			if n := len(readAll(t, store)); n != 2 {
				t.Errorf("%d events, want 2", n)
			}
		})
	}
}

func migrating(config groupcommit.Config) groupcommit.Config {
	config.Migrate = true
	return config
}

func TestUnknownDataType(t *testing.T) {
	for _, unknown := range []groupcommit.DataType{"json", "JSONB", "Bytea", " ", "text", "jsonb; DROP TABLE events"} {
		config := groupcommit.Config{DatabaseURL: pgtest.URL(t), Schema: "never_made", DataType: unknown}
		store, err := groupcommit.OpenInMemory(config)
		if store != nil {
			t.Errorf("%q: it opened", unknown)
		}
		for _, err := range []error{err, wantNotOpened(t, t.Context(), migrating(config)), groupcommit.Migrate(t.Context(), config)} {
			if e := wantError[*groupcommit.ConfigError](t, err); e.Field != "DataType" {
				t.Errorf("%q: %v", unknown, err)
			}
		}
	}
}
