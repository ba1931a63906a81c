package main

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/oracle"
)

// script says what the commands are. All but the versions that they expect follows from the seed and the number of the command; versions are
// those last heard of, or near them.
type script struct {
	seed     uint64
	believed sync.Map // stream -> int64
}

// number is that of a command: of its submitter, and of the submitter's commands.
func number(submitter, n int) uint64 { return uint64(submitter)<<32 | uint64(n) }

// random belongs to a command.
func (s *script) random(number uint64) *rand.Rand { return rand.New(rand.NewPCG(s.seed, number)) }

const (
	hotStreams  = 8
	warmStreams = 2000
)

// streams are those of a command: mostly one, up to three, of which one at least is written.
func (s *script) streams(number uint64) (streams []oracle.Stream) {
	random := s.random(number)
	count := 1
	if random.IntN(5) == 0 {
		count = 2 + random.IntN(2)
	}
	for _, name := range someStreams(random, number, count) {
		stream := oracle.Stream{Name: name, Expect: s.expectation(random, name)}
		if len(streams) == 0 || random.IntN(2) == 0 {
			stream.Events = 1 + random.IntN(2)
		}
		streams = append(streams, stream)
	}
	random.Shuffle(len(streams), func(i, j int) { streams[i], streams[j] = streams[j], streams[i] })
	return streams
}

// someStreams are different ones: hot, warm, and new with the command.
func someStreams(random *rand.Rand, number uint64, count int) (names []string) {
	taken := map[string]bool{}
	for len(names) < count {
		name := fmt.Sprint("warm-", random.IntN(warmStreams))
		switch random.IntN(10) {
		case 0, 1, 2:
			name = fmt.Sprint("hot-", random.IntN(hotStreams))
		case 3:
			name = fmt.Sprint("new-", number)
		}
		if !taken[name] {
			taken[name] = true
			names = append(names, name)
		}
	}
	return names
}

func (s *script) expectation(random *rand.Rand, name string) groupcommit.Expect {
	believed := int64(0)
	if v, ok := s.believed.Load(name); ok {
		believed = v.(int64)
	}
	kinds := 10
	if strings.HasPrefix(name, "hot-") {
		kinds = 6 // an exact version is soon another
	}
	switch random.IntN(kinds) {
	case 0:
		if believed == 0 || random.IntN(4) == 0 {
			return groupcommit.NoStream
		}
		return groupcommit.StreamExists
	case 1:
		return groupcommit.StreamExists
	case 2, 3, 4:
		return groupcommit.Any
	case 5:
		return groupcommit.Exact(max(believed+random.Int64N(3)-1, 0))
	default:
		return groupcommit.Exact(believed)
	}
}

// learn takes in what a verdict says of the versions of streams.
func (s *script) learn(a *oracle.Attempt) {
	for _, v := range a.Result.Versions {
		s.believe(v.Stream, v.Version)
	}
	if a.Conflict != nil {
		s.believe(a.Conflict.Stream, a.Conflict.Actual)
	}
}

func (s *script) believe(stream string, version int64) {
	if !strings.HasPrefix(stream, "new-") { // those are not met again
		s.believed.Store(stream, version)
	}
}

// identified tells whether a command has an ID.
func identified(number uint64) bool { return number%3 == 0 }

// compose makes the command of a number, always the same for the same streams.
func (s *script) compose(number uint64, streams []oracle.Stream) (cmd groupcommit.Command) {
	if identified(number) {
		cmd.ID = identity(number, -1)
	}
	index := 0
	for _, stream := range streams {
		write := groupcommit.StreamWrite{Stream: stream.Name, Expect: stream.Expect}
		for range stream.Events {
			write.Events = append(write.Events, groupcommit.Event{ID: identity(number, index), Type: "Tortured", Data: data(number, index)})
			index++
		}
		cmd.Streams = append(cmd.Streams, write)
	}
	return cmd
}

// identity is the ID of an event of a command; with -1, of the command.
func identity(number uint64, index int) (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[:], number)
	binary.BigEndian.PutUint64(id[8:], uint64(index))
	return id
}

// origin is what an ID was made from.
func origin(id uuid.UUID) (number uint64, index int) {
	return binary.BigEndian.Uint64(id[:]), int(binary.BigEndian.Uint64(id[8:]))
}

// data is that of an event, as PostgreSQL writes JSON.
func data(number uint64, index int) []byte {
	return fmt.Appendf(nil, `{"index": %d, "command": %d, "padding": "%s"}`, index, number, strings.Repeat("x", int(number%97)))
}
