//go:build !linux

package benchmarks

import "testing"

func setApart(b *testing.B) { b.Skip("processes are kept to cores on Linux only") }
