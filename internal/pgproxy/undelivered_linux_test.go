package pgproxy_test

import (
	"io"
	"strings"
	"testing"

	"github.com/groupcommit/groupcommit/internal/pgproxy"
)

// A reset takes nothing back of what came before it, however slowly it is read.
func TestRSTBehindData(t *testing.T) {
	server := listen(t)
	proxy := pgproxy.New(t, server.url(), 0)
	proxy.On(pgproxy.Message(pgproxy.Frontend, 'Q', ""), 1, pgproxy.Cut(pgproxy.After, pgproxy.RST))
	conn := dial(t, proxy)
	sent := startupPacket + "Q\x00\x10\x00\x00" + strings.Repeat(" ", 0x100000-4)
	if _, err := io.WriteString(conn, sent); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(server.accept(t))
	wantEnding(t, err, pgproxy.RST)
	if len(got) != len(sent) {
		t.Errorf("%d of %d bytes arrived", len(got), len(sent))
	}
}
