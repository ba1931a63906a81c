package committer

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const patience = hopeless * time.Second

// overruns is what a watch tells while it is used, in a bubble, with a limit of a second.
func overruns(t *testing.T, use func(w *watch)) (told []OverrunInfo) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		var mu sync.Mutex
		w := &watch{limit: time.Second, start: time.Now(), overran: func(info OverrunInfo) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, info)
		}}
		use(w)
		time.Sleep(10 * patience)
	})
	return told
}

// linger is a stay that is too long.
func linger(w *watch, stream string) {
	s := w.begin(&stream)
	time.Sleep(3 * patience)
	s.end()
}

// Each stay that does not end is told once while it lasts, wherever the one before it was when the alarm looked, and none without a guard.
func TestAlarmForEachStay(t *testing.T) {
	told := overruns(t, func(w *watch) {
		off := w.guard()
		time.Sleep(3*patience + time.Second)
		linger(w, "a")
		linger(w, "b")
		off()
		linger(w, "c")
	})
	var streams []string
	for _, info := range told {
		if !info.Returned {
			streams = append(streams, info.Stream)
		}
	}
	if !slices.Equal(streams, []string{"a", "b"}) || len(told) != 5 {
		t.Errorf("told %+v", told)
	}
}

// An alarm that was about to look when it was switched off leaves the stays behind it alone.
func TestAlarmThatIsSwitchedOffTooLate(t *testing.T) {
	told := overruns(t, func(w *watch) {
		a := newAlarm(w)
		stream := "a"
		s := w.begin(&stream)
		a.off()
		a.ring()
		s.end()
		linger(w, "b")
	})
	if len(told) != 1 || !told[0].Returned {
		t.Errorf("told %+v", told)
	}
}
