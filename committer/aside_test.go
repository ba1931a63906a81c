package committer_test

import (
	"context"
	"iter"
	"testing"
	"testing/synctest"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
)

// glance is a decision that looks at a stream and does nothing.
type glance struct{ stream string }

func (g glance) Subjects() []command.Subject {
	return []command.Subject{{Stream: g.stream, Folder: nothing{}}}
}
func (glance) Key() []byte                                               { return nil }
func (glance) Decide([]command.Subject, []command.State) command.Decided { return command.Decided{} }

// nothing is what all events are folded to.
type nothing struct{}

func (nothing) Initial() any                                    { return nil }
func (nothing) Evolve(any, *command.RecordedEvent) (any, error) { return nil, nil }
func (nothing) Size(any) int                                    { return 0 }

// While a state cannot be loaded, what waits behind it does not grow without bound: in the end nothing more is taken from the queue.
func TestWhatIsSetAsideIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read := make(chan struct{})
		f := fly(t, committer.Config{Read: func(context.Context, string, int64) iter.Seq2[command.RecordedEvent, error] {
			<-read
			return func(func(command.RecordedEvent, error) bool) {}
		}})
		all := f.submit(command.Command{Decision: glance{"a"}})
		behind := make([]command.Command, 1000)
		for i := range behind {
			behind[i] = write("a", command.Any, "e")
		}
		for range 20 {
			all = append(all, f.submit(behind...)...)
		}
		if left := len(f.batches); left < 5 {
			t.Errorf("all but %d batches wait in the committer", left)
		}
		close(read)
		f.close()
		if told := f.told(all...); told != len(all) {
			t.Errorf("%d of %d were told", told, len(all))
		}
	})
}
