package projection

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// fault says what is to be blamed for an error.
type fault int

const (
	ofNobody  fault = iota // what is missing will be there again: tried for as long as it takes
	ofProgram              // no event has anything to do with it, as when a table is missing
	ofEvents               // to try them again and again has no use
)

// faultOf an error that did not come from reading the log.
func faultOf(err error) fault {
	_, effect := errors.AsType[*effectError](err)
	_, transient := errors.AsType[*transientError](err)
	pgErr, fromServer := errors.AsType[*pgconn.PgError](err)
	switch {
	case transient:
		return ofNobody
	case errors.Is(err, pgx.ErrTxCommitRollback): // an error of the server that was not returned
		return ofEvents
	case effect && errors.Is(err, errOverdue):
		return ofEvents
	case fromServer:
		return faultOfCode(pgErr.Code, effect)
	case !effect || pgconn.Timeout(err) || errors.Is(err, context.Canceled):
		return ofNobody
	}
	return ofEvents
}

// faultOfCode judges an SQLSTATE: that of an effect, or of a COMMIT or a statement of our own.
func faultOfCode(code string, effect bool) fault {
	class := code[:min(2, len(code))]
	switch class {
	case "22", "23", "P0": // at COMMIT, too: a deferred constraint
		return ofEvents
	}
	if !effect {
		return ofNobody
	}
	switch code {
	case "57014", "25P02": // the time limit of a statement, as likely to be reached again as not; an error before that was not returned
		return ofEvents
	case "25006", "25P03", "25P04", "55006", "55P03": // a standby, a session that was still for too long, something in use
		return ofNobody
	}
	switch class {
	case "21", "44", "54": // a row hit twice, a view that refuses it, too long for an index
		return ofEvents
	case "08", "40", "53", "57":
		return ofNobody
	}
	return ofProgram
}
