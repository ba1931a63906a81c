package pgproxy

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// address is where a server listens: over TCP or on a socket of the file system.
type address struct{ network, address string }

func parseAddress(url string) (address, error) {
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		return address{}, err
	}
	network, addr := pgconn.NetworkAddress(config.Host, config.Port)
	return address{network, addr}, nil
}

func (a address) dial(ctx context.Context) (socket, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, a.network, a.address)
	if err != nil {
		return nil, err
	}
	return conn.(socket), nil // *net.TCPConn or *net.UnixConn
}

// redirect gives a connection string another place to lead to. Of what it says twice, the last counts.
func redirect(url string, to *net.TCPAddr) string {
	format := "%s host=%v port=%d"
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		format = "%s?host=%v&port=%d"
		if strings.Contains(url, "?") {
			format = "%s&host=%v&port=%d"
		}
	}
	return fmt.Sprintf(format, url, to.IP, to.Port)
}
