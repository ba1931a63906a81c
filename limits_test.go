package groupcommit_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/groupcommit/groupcommit"
)

// Every limit of a command can be set, and the error tells where it was exceeded and what it is.
func TestCommandLimits(t *testing.T) {
	const limit = 50
	text := func(bytes int) []byte { return []byte(`"` + strings.Repeat("x", bytes-2) + `"`) }
	to := func(stream string, event groupcommit.Event) groupcommit.Command {
		return groupcommit.To(stream, groupcommit.Any, event)
	}
	for _, c := range []struct {
		name   string
		config groupcommit.Config
		make   func(size int) groupcommit.Command
		field  string
	}{
		{"event", groupcommit.Config{MaxEventBytes: limit}, func(n int) groupcommit.Command {
			return to("s", groupcommit.Event{Type: "E", Data: text(n)})
		}, "Streams[0].Events[0].Data"},
		{"metadata", groupcommit.Config{MaxMetadataBytes: limit}, func(n int) groupcommit.Command {
			return to("s", groupcommit.Event{Type: "E", Metadata: text(n)})
		}, "Streams[0].Events[0].Metadata"},
		{"command", groupcommit.Config{MaxCommandBytes: limit}, func(n int) groupcommit.Command {
			return to("s", groupcommit.Event{Type: "E", Data: text(n - 2)})
		}, "Streams"},
		{"events", groupcommit.Config{MaxCommandEvents: limit}, func(n int) groupcommit.Command {
			return groupcommit.To("s", groupcommit.Any, slices.Repeat([]groupcommit.Event{happened(0)}, n)...)
		}, "Streams"},
		{"streams", groupcommit.Config{MaxCommandStreams: limit}, func(n int) groupcommit.Command {
			cmd := write("s")
			for i := range n - 1 {
				cmd.Streams = append(cmd.Streams, groupcommit.StreamWrite{Stream: fmt.Sprint(i)})
			}
			return cmd
		}, "Streams"},
		{"stream name", groupcommit.Config{MaxNameBytes: limit}, func(n int) groupcommit.Command {
			return write(strings.Repeat("s", n))
		}, "Streams[0].Stream"},
		{"event type", groupcommit.Config{MaxNameBytes: limit}, func(n int) groupcommit.Command {
			return to("s", groupcommit.Event{Type: strings.Repeat("t", n)})
		}, "Streams[0].Events[0].Type"},
	} {
		t.Run(c.name, func(t *testing.T) {
			store := openInMemory(t, c.config)
			mustAppend(t, store, c.make(limit))
			_, err := store.Append(t.Context(), c.make(limit+1))
			invalid := wantError[*groupcommit.InvalidError](t, err)
			if invalid.Field != c.field || invalid.Limit != limit {
				t.Errorf("field %q, limit %d; want %q and %d", invalid.Field, invalid.Limit, c.field, limit)
			}
			_, err = store.TrySubmit(t.Context(), c.make(limit+1)).Result()
			wantError[*groupcommit.InvalidError](t, err)
		})
	}
}

// The defaults, as they are documented. Each command exceeds one of them by one.
func TestCommandLimitDefaults(t *testing.T) {
	store := openInMemory(t, groupcommit.Config{})
	text := func(bytes int) []byte { return []byte(`"` + strings.Repeat("x", bytes-2) + `"`) }
	largest := groupcommit.Event{Type: "E", Data: text(1 << 20)}
	short := groupcommit.Event{Type: "E", Data: text(1<<20 - len("s") - 4*len("E"))}
	tiny := groupcommit.Event{Type: "E"}
	streams := func(n int) (cmd groupcommit.Command) {
		for i := range n {
			cmd.Streams = append(cmd.Streams, write(fmt.Sprint(i)).Streams...)
		}
		return cmd
	}
	for _, c := range []struct {
		limit         int
		fits, exceeds groupcommit.Command
	}{
		{
			1 << 20,
			groupcommit.To("s", groupcommit.Any, largest),
			groupcommit.To("s", groupcommit.Any, groupcommit.Event{Type: "E", Data: text(1<<20 + 1)}),
		},
		{
			64 << 10,
			groupcommit.To("s", groupcommit.Any, groupcommit.Event{Type: "E", Metadata: text(64 << 10)}),
			groupcommit.To("s", groupcommit.Any, groupcommit.Event{Type: "E", Metadata: text(64<<10 + 1)}),
		},
		{
			4 << 20,
			groupcommit.To("s", groupcommit.Any, largest, largest, largest, short),
			groupcommit.To("s", groupcommit.Any, largest, largest, largest, groupcommit.Event{Type: "EE", Data: short.Data}),
		},
		{
			1000,
			groupcommit.To("s", groupcommit.Any, slices.Repeat([]groupcommit.Event{tiny}, 1000)...),
			groupcommit.To("s", groupcommit.Any, slices.Repeat([]groupcommit.Event{tiny}, 1001)...),
		},
		{100, streams(100), streams(101)},
		{255, write(strings.Repeat("s", 255)), write(strings.Repeat("s", 256))},
	} {
		mustAppend(t, store, c.fits)
		_, err := store.Append(t.Context(), c.exceeds)
		if invalid := wantError[*groupcommit.InvalidError](t, err); invalid.Limit != c.limit {
			t.Errorf("%v, want a limit of %d", err, c.limit)
		}
	}
}

func TestBatchLimits(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		var commits commitLog
		store := open(t, patient(groupcommit.Config{BatchCommands: 7, Hooks: commits.hooks()}))
		submitTogether(t, store, slices.Repeat([]groupcommit.Command{write("s")}, 100)...)
		counts, sum := commands(commits.take()), 0
		for _, n := range counts {
			sum += n
		}
		if sum != 100 || slices.Max(counts) != 7 {
			t.Errorf("commits of %v commands, want 100 in all and 7 at most", counts)
		}

		const most = 10_000
		store = open(t, patient(groupcommit.Config{BatchBytes: most, Hooks: commits.hooks()}))
		large := groupcommit.To("s", groupcommit.Any, groupcommit.JSON("Large", strings.Repeat("x", most/5)))
		submitTogether(t, store, slices.Repeat([]groupcommit.Command{large}, 50)...)
		infos := commits.take()
		for _, info := range infos {
			if info.Bytes > most || info.Commands > 5 {
				t.Errorf("a commit of %d commands and %d bytes, want %d bytes at most", info.Commands, info.Bytes, most)
			}
		}
		if len(infos) >= 25 {
			t.Errorf("%d commits of 50 commands", len(infos))
		}

		submitTogether(t, store, groupcommit.To("s", groupcommit.Any, groupcommit.JSON("Larger", strings.Repeat("x", 2*most))))
		if counts := commands(commits.take()); !slices.Equal(counts, []int{1}) {
			t.Errorf("a command larger than a batch went in commits of %v", counts)
		}
	})
}

// With a commit held in flight the queue fills up, by commands or by bytes, and has room again when it is written.
func TestQueueLimits(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		for name, config := range map[string]groupcommit.Config{
			"commands": {QueueCommands: 3},
			"bytes":    {QueueBytes: 3000, MaxCommandBytes: 1000},
		} {
			t.Run(name, func(t *testing.T) {
				gate := newGate()
				defer gate.open()
				config.Hooks = gate.hooks()
				store := open(t, config)
				cmd := groupcommit.To("s", groupcommit.Any, groupcommit.JSON("Large", strings.Repeat("x", 600)))

				futures := []*groupcommit.Future{store.Submit(t.Context(), cmd)}
				<-gate.reached
				for range 3 { // Submit, for the room of the first may not be back yet
					futures = append(futures, store.Submit(t.Context(), cmd))
				}
				_, err := store.TrySubmit(t.Context(), cmd).Result()
				wantIs(t, err, groupcommit.ErrQueueFull)
				for i, future := range futures {
					if _, err := future.Result(); err != groupcommit.ErrPending {
						t.Errorf("command %d: %v, want it to be pending", i, err)
					}
				}

				gate.open()
				futures = append(futures, store.Submit(t.Context(), cmd))
				if _, err := groupcommit.WaitAll(t.Context(), futures...); err != nil {
					t.Error(err)
				}
				wantVersion(t, store, "s", 5)
				if _, err := store.TrySubmit(t.Context(), cmd).Wait(t.Context()); err != nil {
					t.Errorf("with room again: %v", err)
				}
			})
		}
	})
}

func TestCommandLargerThanTheQueue(t *testing.T) {
	store := openInMemory(t, groupcommit.Config{QueueBytes: 1000, MaxCommandBytes: 1000})
	large := groupcommit.To("s", groupcommit.Any, groupcommit.JSON("Large", strings.Repeat("x", 900)))
	for _, submit := range []func() *groupcommit.Future{
		func() *groupcommit.Future { return store.Submit(t.Context(), large) },
		func() *groupcommit.Future { return store.TrySubmit(t.Context(), large) },
	} {
		_, err := submit().Result()
		if e := wantError[*groupcommit.InvalidError](t, err); !strings.Contains(e.Reason, "the whole queue") {
			t.Error(e)
		}
	}
	mustAppend(t, store, write("s"))
}
