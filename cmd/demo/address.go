package main

import (
	"net"
	"os"
	"slices"
)

// address is where the page is served.
type address struct {
	listening net.Addr
	hosts     []string // names by which it is asked for, beside localhost
}

// newAddress adds to the given names that of the machine where the page is served on all of its addresses, and the one that it was told to listen at.
func newAddress(listening net.Addr, listen string, hosts []string) address {
	a := address{listening: listening, hosts: slices.Clone(hosts)}
	if host, _, err := net.SplitHostPort(listen); err == nil && host != "" {
		a.hosts = append(a.hosts, host)
	}
	if name, err := os.Hostname(); err == nil && a.everywhere() {
		a.hosts = append(a.hosts, name)
	}
	return a
}

// everywhere tells that other machines reach the page, too, by any of this one's addresses.
func (a *address) everywhere() bool {
	tcp, ok := a.listening.(*net.TCPAddr)
	return ok && tcp.IP.IsUnspecified()
}

// here is where it can be opened on this machine.
func (a *address) here() string {
	if a.everywhere() {
		return a.at("localhost")
	}
	return "http://" + a.listening.String()
}

// elsewhere is where it can be opened on others, empty where it cannot.
func (a *address) elsewhere() string {
	if name, err := os.Hostname(); err == nil && a.everywhere() {
		return a.at(name)
	}
	return ""
}

func (a *address) at(host string) string {
	_, port, _ := net.SplitHostPort(a.listening.String())
	return "http://" + net.JoinHostPort(host, port)
}
