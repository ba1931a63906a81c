package pgproxy

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"

	"github.com/jackc/pgx/v5/pgproto3"
)

// readStartup refuses encryption until the client sends its startup packet, or a request to cancel, for which parameters is nil. The packet
// stays in the reader.
func readStartup(in *bufio.Reader, client io.Writer) (parameters map[string]string, err error) {
	for {
		length, err := in.Peek(4)
		if err != nil {
			return nil, err
		}
		packet, err := in.Peek(int(binary.BigEndian.Uint32(length)))
		if err != nil {
			return nil, err
		}
		message, err := pgproto3.NewBackend(bytes.NewReader(packet), nil).ReceiveStartupMessage()
		if err != nil {
			return nil, err
		}
		switch m := message.(type) {
		case *pgproto3.StartupMessage:
			return m.Parameters, nil
		case *pgproto3.CancelRequest:
			return nil, nil
		}
		if _, err := in.Discard(len(packet)); err != nil {
			return nil, err
		}
		if _, err := client.Write([]byte{'N'}); err != nil {
			return nil, err
		}
	}
}
