package main

import (
	"net"
	"os"
	"slices"
	"testing"
)

func TestAddress(t *testing.T) {
	machine, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for listen, want := range map[string]struct {
		ip              string
		here, elsewhere string
		hosts           []string
	}{
		"127.0.0.1:8080": {"127.0.0.1", "http://127.0.0.1:8080", "", []string{"ops.example.com", "127.0.0.1"}},
		"localhost:8080": {"127.0.0.1", "http://127.0.0.1:8080", "", []string{"ops.example.com", "localhost"}},
		":8080":          {"::", "http://localhost:8080", "http://" + machine + ":8080", []string{"ops.example.com", machine}},
		"0.0.0.0:8080":   {"0.0.0.0", "http://localhost:8080", "http://" + machine + ":8080", []string{"ops.example.com", "0.0.0.0", machine}},
	} {
		a := newAddress(&net.TCPAddr{IP: net.ParseIP(want.ip), Port: 8080}, listen, []string{"ops.example.com"})
		if a.here() != want.here || a.elsewhere() != want.elsewhere || !slices.Equal(a.hosts, want.hosts) {
			t.Errorf("%q: %q, %q, names %q", listen, a.here(), a.elsewhere(), a.hosts)
		}
	}
}
