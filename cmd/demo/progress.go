package main

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

const (
	barSteps   = 1000
	barRefresh = 100 * time.Millisecond
)

// progress is asked now and then how far something is, from 0 to 1, and what to call it.
type progress func() (share float64, label string)

// whileShowing does something and shows its progress meanwhile, where there is a bar. Afterwards the bar is gone.
func whileShowing[T any](t *terminal, progress progress, do func() (T, error)) (T, error) {
	if t.bar == nil {
		return do()
	}
	_, label := progress()
	bar := progressbar.NewOptions(barSteps,
		progressbar.OptionSetWriter(t.bar),
		progressbar.OptionSetDescription(label),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerPadding: "░"}),
		progressbar.OptionSetWidth(40),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionUseANSICodes(true),
	)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		show(bar, progress, stop)
	}()
	defer func() {
		close(stop)
		<-stopped
	}()
	return do()
}

// show draws until it is told to stop, and then wipes. An error of the terminal is no reason to do anything about it.
func show(bar *progressbar.ProgressBar, progress progress, stop <-chan struct{}) {
	tick := time.NewTicker(barRefresh)
	defer tick.Stop()
	for {
		share, label := progress()
		bar.Describe(label)
		_ = bar.Set(int(min(share, 0.999) * barSteps)) // a full bar would be left standing
		select {
		case <-tick.C:
		case <-stop:
			_ = bar.Clear()
			return
		}
	}
}
