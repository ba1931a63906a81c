// Package hosts refuses requests that were meant for somebody else: a page in the browser of an operator can make a host name of its own point to any
// address, also of a loopback, and then read what is served there as if it were its own.
package hosts

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Only serves requests for these names, for localhost, and for addresses, whatever the port.
func Only(names []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !expected(r.Host, names) {
			http.Error(w, "this host name is not served here: Config.Hosts lists those that are", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// expected tells whether a Host header may be ours. A name that is not known may be that of a page which has made it point here. An address
// cannot be made to point anywhere.
func expected(host string, names []string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return true
	}
	same := func(name string) bool { return strings.EqualFold(name, host) }
	return same("localhost") || slices.ContainsFunc(names, same)
}
