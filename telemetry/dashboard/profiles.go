package dashboard

import (
	"fmt"
	"io"
	"net/http"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"time"
)

// maxProfile bounds how long a profile or a trace is taken.
const maxProfile = time.Minute

// handleProfiles serves what go tool pprof and go tool trace ask for, at the places where net/http/pprof has it: the list, every profile as it stands,
// with debug=1 as text, and recordings of the processors and of a trace for so many seconds. That package is not used because whoever imports it serves
// profiles on http.DefaultServeMux, wanted or not; what else it does, cmdline, symbol, gc=1 and differences over some seconds, there is not.
func handleProfiles(mux *http.ServeMux) {
	mux.HandleFunc("GET /debug/pprof/{$}", listProfiles)
	mux.HandleFunc("GET /debug/pprof/{name}", serveProfile)
	mux.HandleFunc("GET /debug/pprof/profile", recording(pprof.StartCPUProfile, pprof.StopCPUProfile, 30*time.Second))
	mux.HandleFunc("GET /debug/pprof/trace", recording(trace.Start, trace.Stop, time.Second))
}

func listProfiles(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "profile\ntrace")
	for _, p := range pprof.Profiles() {
		fmt.Fprintln(w, p.Name())
	}
}

func serveProfile(w http.ResponseWriter, r *http.Request) {
	profile := pprof.Lookup(r.PathValue("name"))
	if profile == nil {
		http.NotFound(w, r)
		return
	}
	debug, _ := strconv.Atoi(r.FormValue("debug")) // anything else: for a program to read
	contentType := "application/octet-stream"
	if debug > 0 {
		contentType = "text/plain; charset=utf-8"
	}
	w.Header().Set("Content-Type", contentType)
	_ = profile.WriteTo(w, debug) // who went away has no need of it
}

// recording serves what is recorded from start to stop, for as many seconds as the request says.
func recording(start func(io.Writer) error, stop func(), usual time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		length := usual
		if seconds, err := strconv.Atoi(r.FormValue("seconds")); err == nil && seconds > 0 {
			length = min(time.Duration(seconds)*time.Second, maxProfile)
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		if err := start(w); err != nil {
			http.Error(w, err.Error(), http.StatusConflict) // somebody else is at it
			return
		}
		defer stop()
		select {
		case <-time.After(length):
		case <-r.Context().Done():
		}
	}
}
