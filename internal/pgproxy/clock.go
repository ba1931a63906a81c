package pgproxy

import "time"

// clock sleeps until a time, more exactly than time.Sleep. One goroutine uses it.
type clock struct {
	timer *time.Timer
	alarm alarm
}

func newClock() *clock {
	timer := time.NewTimer(0)
	timer.Stop()
	return &clock{timer, newAlarm()}
}

// sleepUntil returns at that time, or when over is closed.
func (c *clock) sleepUntil(t time.Time, over <-chan struct{}) {
	d := time.Until(t)
	if d <= 0 {
		return
	}
	c.timer.Reset(d)
	c.alarm.set(d)
	select {
	case <-c.timer.C:
	case <-over:
	}
}

func (c *clock) close() { c.alarm.close() }
