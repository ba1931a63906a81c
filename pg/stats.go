package pg

import "github.com/groupcommit/groupcommit/stats"

// PoolStats tells how the connections are used. It may be called after Close.
func (s *Store) PoolStats() stats.Pool {
	pool := s.pool.Stat()
	return stats.Pool{
		Acquired: int(pool.AcquiredConns()),
		Idle:     int(pool.IdleConns()),
		Max:      int(pool.MaxConns()),
		Acquires: uint64(pool.AcquireCount()),
		Waits:    uint64(pool.EmptyAcquireCount()),
		WaitTime: pool.EmptyAcquireWaitTime(),
		Losses:   uint64(s.losses.Load()),
	}
}
