package pg

import "github.com/groupcommit/groupcommit/stats"

// Connections tells how those of the pool are used, and how many of the others were lost. It may be called after Close.
func (s *Store) Connections() (used stats.Pool, losses uint64) {
	pool := s.pool.Stat()
	used = stats.Pool{
		Acquired: int(pool.AcquiredConns()),
		Idle:     int(pool.IdleConns()),
		Max:      int(pool.MaxConns()),
		Acquires: uint64(pool.AcquireCount()),
		Waits:    uint64(pool.EmptyAcquireCount()),
		WaitTime: pool.EmptyAcquireWaitTime(),
	}
	return used, uint64(s.losses.Load())
}
