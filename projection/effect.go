package projection

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
)

// errOverdue is the cause with which a context of ours ends at its limit.
var errOverdue = errors.New("it took longer than Timeout allows")

// effectError is the failure of something of the user's.
type effectError struct{ error }

func (e *effectError) Unwrap() error { return e.error }

// guard marks the error of something of the user's; a panic is one. It also says when that has run out of the time that it was given, or when the
// connection was lost under it, or the transaction was ended by it: tx is nil where it has none.
func guard(ctx context.Context, tx pgx.Tx, do func() error) error {
	err := recovering(do)
	switch overdue := context.Cause(ctx); {
	case tx != nil && ended(tx):
		err = endedBy(err)
	case err == nil:
		return nil
	case errors.Is(overdue, errOverdue):
		err = fmt.Errorf("%w: %w", overdue, err)
	case tx != nil && tx.Conn().IsClosed():
		err = Transient(err)
	}
	return &effectError{err}
}

func recovering(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &groupcommit.PanicError{Value: r, Stack: debug.Stack()}
		}
	}()
	return do()
}

// ended tells of a transaction that the server is not in any more.
func ended(tx pgx.Tx) bool {
	return !tx.Conn().IsClosed() && tx.Conn().PgConn().TxStatus() == 'I'
}

func endedBy(err error) error {
	if err == nil {
		return errEnded
	}
	return fmt.Errorf("%w: %w", errEnded, err)
}
