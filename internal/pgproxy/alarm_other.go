//go:build !linux

package pgproxy

import "time"

// alarm is silent: timers are late by up to a millisecond.
type alarm struct{}

func newAlarm() alarm { return alarm{} }

func (alarm) set(time.Duration) {}

func (alarm) close() {}
