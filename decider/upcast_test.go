package decider_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/decider"
	"github.com/groupcommit/groupcommit/internal/storetest"
)

// invert is a cipher for tests. It works in place.
func invert(data []byte) []byte {
	for i := range data {
		data[i] = ^data[i]
	}
	return data
}

// What a decider folds of the commands of its own process is what it would read of them: an upcast comes in between. Their bytes in the log stay as
// they were submitted.
func TestDecidersFoldWhatIsRead(t *testing.T) {
	broken := errors.New("no key")
	store := storetest.Opened(t)(groupcommit.OpenInMemory(groupcommit.Config{
		DataType: groupcommit.DataBytea,
		Upcast: func(e groupcommit.RecordedEvent) (groupcommit.RecordedEvent, error) {
			switch e.Type {
			case "Lost":
				return e, broken
			case "Panics":
				panic("no key")
			}
			e.Data = invert(e.Data)
			return e, nil
		},
	}))
	words := decider.New(func(text string, e groupcommit.RecordedEvent) (string, error) { return text + string(e.Data), nil }).At("s")
	say := func(eventType, word string) (heard string, err error) {
		_, err = decider.Submit(t.Context(), store, func(d *decider.Decision) error {
			heard = words.State(d)
			words.Append(d, groupcommit.Event{Type: eventType, Data: invert([]byte(word))})
			return nil
		}, words).Wait(t.Context())
		return heard, err
	}
	for n, want := range []string{"", "one ", "one two "} {
		if heard, err := say("Said", []string{"one ", "two ", "three "}[n]); heard != want || err != nil {
			t.Errorf("%q, %v; want %q", heard, err, want)
		}
	}
	if _, err := say("Lost", "four"); !errors.Is(err, broken) || !isEvolve(err) {
		t.Errorf("an upcast that fails: %v", err)
	}
	if _, err := say("Panics", "four"); !isPanic("no key")(err) {
		t.Errorf("an upcast that panics: %v", err)
	}
	var read string
	for _, event := range collect(t, store.ReadStream(t.Context(), "s")) {
		read += string(event.Data)
	}
	if read != "one two three " {
		t.Errorf("the log has %q", read)
	}
}

func isEvolve(err error) bool {
	evolve, is := errors.AsType[*groupcommit.EvolveError](err)
	return is && evolve.Stream == "s"
}

// An event in the log that cannot be upcast fails at once what needs it, as one that cannot be folded does: it is no trouble that passes.
func TestEventThatCannotBeUpcast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("no key")
		memory := written(t, 1, 3)
		upcasts := 0
		p := process(memory, memory, committer.Config{Upcast: func(e command.RecordedEvent) (command.RecordedEvent, error) {
			upcasts++
			if e.Version == 2 {
				return e, broken
			}
			return e, nil
		}})
		defer closing(t, p)
		_, err := look(t, p, decider.New(evolve))
		if e, is := errors.AsType[*groupcommit.EvolveError](err); !is || e.Version != 2 || !errors.Is(err, broken) || errors.Is(err, groupcommit.ErrNotWritten) {
			t.Errorf("got %v", err)
		}
		if upcasts != 2 {
			t.Errorf("%d events were upcast", upcasts)
		}
	})
}
