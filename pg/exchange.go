package pg

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// reply is what a connection answered to a message.
type reply struct {
	completed int             // statements that ended well
	tag       string          // of the last of them
	status    byte            // of the transaction, at the end; 0 where that was not heard
	err       *pgconn.PgError // that ended the message
	lost      error           // the connection is gone, and with it the rest of the answer
	unsent    bool            // the connection was gone before all of the message was written
}

// exchange writes a message, which may consist of several of the protocol, and reads the answer up to ReadyForQuery.
//
// pgconn's own calls for COPY would run a goroutine that may outlive the call, tell of no statement but the last, and not tell how far
// they came when the connection is lost. All of this decides here what is certain. Its connection handling, its notices and its transaction
// status stay in use.
//
// onComplete hears of each statement that ended well, as the server tells of it: it does so at the latest when it wants to read.
//
// When ctx ends the connection is cut.
func exchange(ctx context.Context, conn *pgconn.PgConn, message []byte, onComplete func(completed int)) (r reply) {
	if ctx.Err() != nil {
		return reply{lost: context.Cause(ctx), unsent: true}
	}
	defer cutAtEnd(ctx, conn)()
	if n, err := conn.Conn().Write(message); err != nil {
		return reply{lost: cut(ctx, err), unsent: n < len(message)}
	}
	for {
		message, err := conn.ReceiveMessage(context.Background())
		if err != nil {
			r.err, _ = errors.AsType[*pgconn.PgError](err) // FATAL
			r.lost = cut(ctx, err)
			return r
		}
		switch m := message.(type) {
		case *pgproto3.CommandComplete:
			r.completed++
			r.tag = string(m.CommandTag)
			onComplete(r.completed)
		case *pgproto3.ErrorResponse:
			r.err = pgconn.ErrorResponseToPgError(m)
		case *pgproto3.ReadyForQuery:
			r.status = m.TxStatus
			return r
		}
	}
}

// cutAtEnd makes every read and write fail from the end of ctx on, until undo is called.
func cutAtEnd(ctx context.Context, conn *pgconn.PgConn) (undo func()) {
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		_ = conn.Conn().SetDeadline(time.Unix(1, 0))
	})
	return func() {
		if !stop() { // ctx has ended, perhaps after the last answer: then the connection lives on
			<-done
			_ = conn.Conn().SetDeadline(time.Time{})
		}
	}
}

// cut gives the reason for a lost connection: the end of ctx, if that is it.
func cut(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("the connection was lost: %w", scrub(err))
}

// appendMessage frames a message of the protocol whose body write appends.
func appendMessage(b []byte, kind byte, write func([]byte) []byte) []byte {
	start := len(b)
	b = append(b, kind, 0, 0, 0, 0)
	b = write(b)
	binary.BigEndian.PutUint32(b[start+1:], uint32(len(b)-start-1))
	return b
}

// appendQuery appends a simple query whose text write appends.
func appendQuery(b []byte, write func([]byte) []byte) []byte {
	return appendMessage(b, 'Q', func(b []byte) []byte { return append(write(b), 0) })
}
