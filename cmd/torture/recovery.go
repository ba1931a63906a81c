package main

import (
	"slices"
	"sync"
	"time"
)

// recovery measures how long after the server accepts connections each writer has its next command acknowledged.
type recovery struct {
	mu    sync.Mutex // guards all below
	since map[int]int64
	took  []time.Duration
}

func newRecovery() *recovery { return &recovery{since: map[int]int64{}} }

// ready says that the server accepts connections, and which writers are there.
func (r *recovery) ready(slots []int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, slot := range slots {
		r.since[slot] = now()
	}
}

// gone says that a writer is not waited for.
func (r *recovery) gone(slot int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.since, slot)
}

func (r *recovery) acknowledged(slot int, told int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if since, waits := r.since[slot]; waits && told > since {
		r.took = append(r.took, time.Duration(told-since))
		delete(r.since, slot)
	}
}

// figures are how often, the median and the longest.
func (r *recovery) figures() (count int, median, longest time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.took) == 0 {
		return 0, 0, 0
	}
	slices.Sort(r.took)
	return len(r.took), r.took[len(r.took)/2], r.took[len(r.took)-1]
}
