package pg

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
)

// answering is a connection to a server that gives the first answer to what ends a commit, or a part of one, and the rest to what does so next.
// Then, or where the first is not whole, it ends the connection.
func answering(t *testing.T, first *heard, rest []byte) *pgconn.PgConn {
	t.Helper()
	client, server := net.Pipe()
	var serving sync.WaitGroup
	serving.Go(func() {
		defer server.Close()
		if greet(server) != nil {
			return
		}
		for _, answer := range [][]byte{first.bytes, rest} {
			if awaitEnd(server) != nil {
				return
			}
			if _, err := server.Write(answer); err != nil || first.status == 0 {
				return
			}
		}
	})
	t.Cleanup(func() {
		client.Close()
		serving.Wait()
	})
	config, err := pgconn.ParseConfig("host=server user=writer dbname=events sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	config.DialFunc = func(context.Context, string, string) (net.Conn, error) { return client, nil }
	config.LookupFunc = func(context.Context, string) ([]string, error) { return []string{"127.0.0.1"}, nil }
	conn, err := pgconn.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// greet lets a client in.
func greet(conn net.Conn) error {
	if _, err := readBody(conn); err != nil {
		return err
	}
	_, err := conn.Write(slices.Concat(encoded(&pgproto3.AuthenticationOk{}), encoded(&pgproto3.BackendKeyData{SecretKey: make([]byte, 4)}), ready('I')))
	return err
}

// awaitEnd reads up to where the client waits for an answer: Sync, the end of a COPY, or the query COMMIT.
func awaitEnd(conn net.Conn) error {
	for {
		var kind [1]byte
		if _, err := io.ReadFull(conn, kind[:]); err != nil {
			return err
		}
		body, err := readBody(conn)
		if err != nil {
			return err
		}
		if kind[0] == 'S' || kind[0] == 'c' || kind[0] == 'Q' && string(body) == "COMMIT\x00" {
			return nil
		}
	}
}

// readBody reads a length, which counts itself, and what it is of.
func readBody(conn net.Conn) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, err
	}
	body := make([]byte, binary.BigEndian.Uint32(size[:])-4)
	_, err := io.ReadFull(conn, body)
	return body, err
}

func completed(tag string) []byte { return encoded(&pgproto3.CommandComplete{CommandTag: []byte(tag)}) }

func ready(status byte) []byte { return encoded(&pgproto3.ReadyForQuery{TxStatus: status}) }

func failed(severity, code string) []byte {
	return encoded(&pgproto3.ErrorResponse{Severity: severity, SeverityUnlocalized: severity, Code: code, Message: "no"})
}

func encoded(message pgproto3.BackendMessage) []byte {
	b, err := message.Encode(nil)
	if err != nil {
		panic(err) // it has no user data
	}
	return b
}

// commitOf is a commit of so many rows behind the beginning of a log.
func commitOf(rows int) *committer.Commit {
	c := &committer.Commit{ID: uuid.New(), Parent: committer.Point{Commit: uuid.New()}, Time: time.Now(), Commands: rows}
	for i := range rows {
		event := command.Event{ID: command.NewEventID(), Type: "Happened", Data: []byte("{}")}
		c.Rows = append(c.Rows, committer.Row{Stream: "s", Version: int64(i + 1), Encoded: new(Store).AppendRow(nil, "s", event)})
	}
	return c
}
