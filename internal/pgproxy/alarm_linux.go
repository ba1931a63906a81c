package pgproxy

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// alarm makes the runtime's timers exact. While the program has nothing else to do, the runtime waits for files and looks at its timers
// when one is ready, or else every full millisecond. So here is a file that is ready in time: a timer of the kernel. Nobody reads it.
type alarm struct {
	fd   int
	file *os.File // of fd, which makes the runtime wait for it; nil where the kernel gives none
}

func newAlarm() (a alarm) {
	var err error
	if a.fd, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err == nil {
		a.file = os.NewFile(uintptr(a.fd), "timerfd")
	}
	return a
}

// set winds the alarm right after a timer of the runtime, which is due then when it goes off.
func (a alarm) set(d time.Duration) {
	_ = unix.TimerfdSettime(a.fd, 0, &unix.ItimerSpec{Value: unix.NsecToTimespec(d.Nanoseconds())}, nil) // without it: late
}

func (a alarm) close() { _ = a.file.Close() }
