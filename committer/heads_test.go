package committer

import (
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/groupcommit/groupcommit/command"
)

// The cache against a list that is kept in order of use.
func TestHeadsModel(t *testing.T) {
	type head struct {
		stream  string
		version int64
	}
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 5).Draw(t, "limit")
		h := newHeads(limit)
		var model []head // newest first
		find := func(stream string) int {
			return slices.IndexFunc(model, func(m head) bool { return m.stream == stream })
		}
		use := func(i int) {
			m := model[i]
			model = slices.Insert(slices.Delete(model, i, i+1), 0, m)
		}
		stream := rapid.Custom(func(t *rapid.T) string { return strconv.Itoa(rapid.IntRange(0, 7).Draw(t, "stream")) })
		t.Repeat(map[string]func(*rapid.T){
			"version": func(t *rapid.T) {
				s := stream.Draw(t, "s")
				version, ok := h.version(s)
				i := find(s)
				if ok != (i >= 0) || ok && version != model[i].version {
					t.Fatalf("version(%s) = %d, %v, want %v", s, version, ok, model)
				}
				if ok {
					use(i)
				}
			},
			"set": func(t *rapid.T) {
				m := head{stream.Draw(t, "s"), rapid.Int64Range(1, 9).Draw(t, "v")}
				h.set(m.stream, m.version)
				if i := find(m.stream); i >= 0 {
					model = slices.Delete(model, i, i+1)
				}
				model = slices.Insert(model, 0, m)
				model = model[:min(len(model), limit)]
			},
			"update": func(t *rapid.T) {
				m := head{stream.Draw(t, "s"), rapid.Int64Range(1, 9).Draw(t, "v")}
				h.update([]command.StreamVersion{{Stream: m.stream, Version: m.version}})
				if i := find(m.stream); i >= 0 {
					model[i].version = m.version
				}
			},
			"forget": func(*rapid.T) {
				h.forget()
				model = nil
			},
			"": func(t *rapid.T) {
				if len(h.slots) != len(model) {
					t.Fatalf("%d streams, want %d", len(h.slots), len(model))
				}
			},
		})
	})
}
