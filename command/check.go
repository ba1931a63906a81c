package command

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Check tells why a command cannot be accepted, as an *InvalidError, or nil. What passes is data that PostgreSQL accepts. The
// limits must have their defaults filled in.
func (c *Command) Check(limits *Limits) error {
	if c.Decision != nil {
		return c.checkDecision(limits)
	}
	if len(c.Streams) == 0 {
		return invalid("Streams", "a command names at least one stream")
	}
	if err := c.checkCount(limits); err != nil {
		return err
	}
	events := c.Events()
	if events == 0 {
		return invalid("Streams", "a command carries at least one event; to look at a version use StreamVersion")
	}
	if events > limits.CommandEvents {
		return exceeds("Streams", "events in a command", events, limits.CommandEvents)
	}
	if bytes := c.bytes(); bytes > limits.CommandBytes {
		return exceeds("Streams", "bytes in a command", bytes, limits.CommandBytes)
	}
	if err := c.checkStreams(limits); err != nil {
		return err
	}
	return c.checkDuplicates()
}

// CheckGuards is Check where a decision appends nothing: what it only expects of streams.
func (c *Command) CheckGuards(limits *Limits) error {
	if err := c.checkCount(limits); err != nil {
		return err
	}
	return c.checkStreams(limits)
}

func (c *Command) checkCount(limits *Limits) error {
	if len(c.Streams) > limits.CommandStreams {
		return exceeds("Streams", "streams in a command", len(c.Streams), limits.CommandStreams)
	}
	return nil
}

func (c *Command) checkStreams(limits *Limits) error {
	for i := range c.Streams {
		if err := c.Streams[i].check(limits); err != nil {
			err.Field = fmt.Sprintf("Streams[%d].%s", i, err.Field)
			return err
		}
	}
	return nil
}

// checkDecision is about what is known before anything is decided.
func (c *Command) checkDecision(limits *Limits) error {
	if d, ok := c.Decision.(Checker); ok {
		if err := d.Check(); err != nil {
			return err
		}
	}
	subjects := c.Decision.Subjects()
	if len(c.Streams) > 0 {
		return invalid("Streams", "a command that carries a decision lists no streams: the decision does")
	}
	if len(subjects) > limits.CommandStreams {
		return exceeds("Decision", "streams in a decision", len(subjects), limits.CommandStreams)
	}
	return CheckSubjects(subjects, limits)
}

// CheckSubjects returns an *InvalidError for a subject whose stream cannot be.
func CheckSubjects(subjects []Subject, limits *Limits) error {
	for i := range subjects {
		if err := checkName("Stream", subjects[i].Stream, limits.NameBytes); err != nil {
			err.Field = fmt.Sprintf("Decision.Subjects[%d].%s", i, err.Field)
			return err
		}
	}
	return nil
}

func (c *Command) bytes() int {
	n := 0
	for i := range c.Streams {
		s := &c.Streams[i]
		n += len(s.Stream)
		for j := range s.Events {
			n += len(s.Events[j].Type) + len(s.Events[j].Data) + len(s.Events[j].Metadata)
		}
	}
	return n
}

func (s *StreamWrite) check(limits *Limits) *InvalidError {
	if err := checkName("Stream", s.Stream, limits.NameBytes); err != nil {
		return err
	}
	if !s.Expect.valid() {
		return invalid("Expect", "a version is 0 or more")
	}
	for i := range s.Events {
		if err := s.Events[i].check(limits); err != nil {
			err.Field = fmt.Sprintf("Events[%d].%s", i, err.Field)
			return err
		}
	}
	return nil
}

func (e *Event) check(limits *Limits) *InvalidError {
	if err := checkName("Type", e.Type, limits.NameBytes); err != nil {
		return err
	}
	if e.invalid != nil {
		return &InvalidError{Field: "Data", Reason: "it cannot be encoded as JSON", Err: e.invalid}
	}
	if err := checkPayload("Data", e.Data, limits.EventBytes, limits.SkipJSONCheck || limits.AnyData); err != nil {
		return err
	}
	return checkPayload("Metadata", e.Metadata, limits.MetadataBytes, limits.SkipJSONCheck)
}

func checkName(field, name string, limit int) *InvalidError {
	switch {
	case name == "":
		return invalid(field, "it is empty")
	case len(name) > limit:
		return exceeds(field, "bytes in a name", len(name), limit)
	case !utf8.ValidString(name):
		return invalid(field, "it is not valid UTF-8")
	case strings.IndexByte(name, 0) >= 0:
		return invalid(field, "it contains a NUL character, which PostgreSQL cannot store")
	default:
		return nil
	}
}

func checkPayload(field string, data []byte, limit int, unchecked bool) *InvalidError {
	if len(data) > limit {
		return exceeds(field, "bytes", len(data), limit)
	}
	if len(data) == 0 || unchecked {
		return nil
	}
	if reason := checkJSON(data); reason != "" {
		return invalid(field, reason)
	}
	return nil
}

// checkDuplicates refuses a stream that is listed twice and an event ID that is used twice.
func (c *Command) checkDuplicates() error {
	var streams seen[string]
	var ids seen[uuid.UUID]
	for i := range c.Streams {
		s := &c.Streams[i]
		if streams.before(s.Stream) {
			return invalid(fmt.Sprintf("Streams[%d].Stream", i), fmt.Sprintf("%q is listed twice; put its events together", s.Stream))
		}
		for j := range s.Events {
			if id := s.Events[j].ID; id != uuid.Nil && ids.before(id) {
				return invalid(fmt.Sprintf("Streams[%d].Events[%d].ID", i, j), fmt.Sprintf("event ID %s is used twice", id))
			}
		}
	}
	return nil
}

// seen is a set. The first few values, which in most commands are all, need no map.
type seen[T comparable] struct {
	few  [8]T
	n    int
	more map[T]struct{}
}

// before tells whether a value was seen before, and notes it.
func (s *seen[T]) before(value T) bool {
	if slices.Contains(s.few[:s.n], value) {
		return true
	}
	if s.n < len(s.few) {
		s.few[s.n] = value
		s.n++
		return false
	}
	if _, found := s.more[value]; found {
		return true
	}
	if s.more == nil {
		s.more = make(map[T]struct{})
	}
	s.more[value] = struct{}{}
	return false
}

func invalid(field, reason string) *InvalidError {
	return &InvalidError{Field: field, Reason: reason}
}

func exceeds(field, what string, got, limit int) *InvalidError {
	return &InvalidError{Field: field, Reason: fmt.Sprintf("%d %s, at most %d are accepted", got, what, limit), Limit: limit}
}
