package command_test

import (
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/groupcommit/groupcommit/command"
)

func TestJSON(t *testing.T) {
	type deposited struct {
		Amount int `json:"amount"`
	}
	e := command.JSON("Deposited", deposited{Amount: 5})
	if e.Type != "Deposited" || string(e.Data) != `{"amount":5}` || e.Metadata != nil {
		t.Errorf("got %+v", e)
	}
	if err := check(command.To("account", command.Any, e)); err != nil {
		t.Error(err)
	}
}

func TestJSONOfWhatCannotBeEncoded(t *testing.T) {
	for name, value := range map[string]any{
		"channel":      make(chan int),
		"NaN":          math.NaN(),
		"own encoder":  failing{},
		"inside a map": map[string]any{"f": func() {}},
	} {
		_, want := json.Marshal(value)
		err := check(command.To("s", command.Any, happened, command.JSON("Broken", value)))
		invalid := wantInvalid(t, err, "Streams[0].Events[1].Data")
		if invalid.Err == nil || invalid.Err.Error() != want.Error() {
			t.Errorf("%s: the cause is %v, want %v", name, invalid.Err, want)
		}
	}
	err := check(command.To("s", command.Any, command.JSON("Broken", failing{})))
	if !errors.Is(err, errEncoder) {
		t.Errorf("%v does not wrap the encoder's error", err)
	}
	if _, ok := errors.AsType[*json.UnsupportedValueError](check(command.To("s", command.Any, command.JSON("Broken", math.Inf(1))))); !ok {
		t.Error("the encoder's typed error is lost")
	}
}

// What could not be encoded stays refused whatever is set beside it, and whatever else is accepted.
func TestJSONFailureSticks(t *testing.T) {
	broken := command.JSON("Broken", failing{}).With(command.Metadata{UserID: "u"})
	cmd := command.To("s", command.Any, broken)
	for _, limits := range []command.Limits{{SkipJSONCheck: true}, {AnyData: true}} {
		limits = limits.WithDefaults()
		wantInvalid(t, cmd.Check(&limits), "Streams[0].Events[0].Data")
	}
}

func TestWithLeavesTheEventAlone(t *testing.T) {
	with := happened.With(command.Metadata{UserID: "ann"})
	if happened.Metadata != nil {
		t.Error("With has changed its receiver")
	}
	if string(with.Metadata) != `{"user_id":"ann"}` || with.Type != happened.Type || string(with.Data) != string(happened.Data) {
		t.Errorf("got %+v", with)
	}
	if again := with.With(command.Metadata{}); string(again.Metadata) != `{}` {
		t.Errorf("metadata %s was not replaced", again.Metadata)
	}
}

var errEncoder = errors.New("cannot encode")

type failing struct{}

func (failing) MarshalJSON() ([]byte, error) { return nil, errEncoder }
