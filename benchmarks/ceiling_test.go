package benchmarks

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

const (
	ceilingClients = 4000
	ceilingTurn    = 500 * time.Millisecond
	ceilingRows    = 1000   // in a COPY, as many as ours has in a commit with so many clients
	ceilingSupply  = 80_000 // rows encoded for a turn, more than a turn takes on two cores
)

// BenchmarkCeiling compares the store with what the database itself can take: raw COPY of the same rows, already encoded, into a table
// of the same columns and indexes, over 1, 2 and 3 connections, each COPY a durable commit of its own. All take turns. copy-events/s is
// the best of the three, ratio ours as a part of it: the median over all rounds.
//
// Where the cores are shared, ratio is also what the clients and the store take away from a server that is on the same machine; COPY of
// encoded rows takes next to nothing. Where server and clients are apart, each on a half of the cores, it is what group commit costs the server.
func BenchmarkCeiling(b *testing.B) {
	b.Run("cores=shared", ceiling)
	b.Run("cores=apart", func(b *testing.B) {
		setApart(b)
		ceiling(b)
	})
}

func ceiling(b *testing.B) {
	s := openStore(b, groupcommit.Config{}, *streamCount)
	ours := newContestant(newClients(b, ceilingClients, s, s.append))
	copier := newCopier(b, s)
	var copies []*contestant // by number of connections
	for k := range copier.conns {
		copies = append(copies, &contestant{turn: func(b *testing.B) float64 { return copier.turn(b, k+1) }})
	}
	s.commits.reset()
	takeTurns(b, slices.Concat([]*contestant{ours}, copies)...)
	ours.report(b, "events/s")
	b.ReportMetric(median(fastest(copies)), "copy-events/s")
	for k, c := range copies {
		c.report(b, fmt.Sprintf("copy%d-events/s", k+1))
	}
	b.ReportMetric(ours.times(copies...), "ratio")
	s.commits.report(b)
}

// copier writes rows as fast as the database takes them.
type copier struct {
	sql      string
	conns    []*pgx.Conn
	streams  []string
	versions map[string]int64
	position int64
}

func newCopier(b *testing.B, s *store) *copier {
	table := s.schema + ".ceiling"
	pgtest.Exec(b, fmt.Sprintf("CREATE TABLE %s (LIKE %s.events INCLUDING ALL)", table, s.schema))
	c := &copier{
		sql:      "COPY " + table + " (position, stream, version, event_id, type, data, recorded_at) FROM STDIN BINARY",
		streams:  s.streams,
		versions: make(map[string]int64),
	}
	for range 3 {
		c.conns = append(c.conns, pgtest.Conn(b))
	}
	return c
}

// turn writes over so many connections for a while and returns rows per second.
func (c *copier) turn(b *testing.B, connections int) float64 {
	supply := make(chan []byte, ceilingSupply/ceilingRows)
	for range cap(supply) {
		supply <- c.encode()
	}
	close(supply)
	var rows atomic.Int64
	var wg sync.WaitGroup
	began := time.Now()
	for _, conn := range c.conns[:connections] {
		wg.Go(func() {
			for time.Since(began) < ceilingTurn {
				data, ok := <-supply
				if !ok {
					return
				}
				tag, err := conn.PgConn().CopyFrom(context.Background(), bytes.NewReader(data), c.sql)
				if err != nil {
					b.Error(err)
					return
				}
				rows.Add(tag.RowsAffected())
			}
		})
	}
	wg.Wait()
	return float64(rows.Load()) / time.Since(began).Seconds()
}

// encode is the next rows in the binary format of COPY.
func (c *copier) encode() []byte {
	data := []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	for range ceilingRows {
		c.position++
		stream := c.streams[rand.IntN(len(c.streams))]
		c.versions[stream]++
		id := command.NewEventID()
		data = binary.BigEndian.AppendUint16(data, 7)
		data = appendField(data, binary.BigEndian.AppendUint64(nil, uint64(c.position)))
		data = appendField(data, []byte(stream))
		data = appendField(data, binary.BigEndian.AppendUint64(nil, uint64(c.versions[stream])))
		data = appendField(data, id[:])
		data = appendField(data, []byte(eventType))
		data = appendField(data, append([]byte{1}, eventData...))
		data = appendField(data, binary.BigEndian.AppendUint64(nil, uint64(c.position)))
	}
	return append(data, 0xff, 0xff)
}

func appendField(data, field []byte) []byte {
	data = binary.BigEndian.AppendUint32(data, uint32(len(field)))
	return append(data, field...)
}
