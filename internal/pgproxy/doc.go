// Package pgproxy is a proxy between PostgreSQL clients and their server, for tests and benchmarks. It makes the network as slow as a real
// one, and breaks it at an exact point of the protocol.
//
//	proxy := pgproxy.New(t, pgtest.URL(t), 0)
//	store := open(t, proxy.URL())
//	lost := proxy.On(pgproxy.Message(pgproxy.Backend, 'C', "COMMIT"), 1, pgproxy.Cut(pgproxy.Before, pgproxy.RST))
//	...        // have the store commit
//	<-lost.Hit // the server has committed, and the store has not heard of it
//
// Bytes are forwarded as they are. They are read as messages of the protocol, version 3, only to find the frame that something is to happen
// to. A request for encryption is refused, so nothing may insist on TLS.
//
// A round trip is added as half of it to each direction. It adds latency and takes no throughput: what arrives while something is on its way
// is on its way too. The handshake of TCP is not delayed.
package pgproxy
