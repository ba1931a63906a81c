package main

import "fmt"

// printTitle is there at once, because a server takes a moment to start.
func (t *terminal) printTitle() {
	t.printf("%s: many small commands in few large commits, each command with a verdict of its own\n\n", t.style.bold("groupcommit"))
}

// printServer says what the server is, and where, if it is ours and nobody knows yet. It trusts everybody here: there is no password to tell.
func (t *terminal) printServer(s *server) {
	f := &s.facts
	origin := "at " + f.Host
	if f.ThrowAway {
		origin = "a throw-away server of this demo"
	}
	t.printf("PostgreSQL %s, %s; schema %s, dropped at the end\n", f.Version, origin, f.Schema)
	if f.ThrowAway {
		t.printf("until then at %s\n", s.url)
	}
	settings := fmt.Sprintf("fsync %s, full_page_writes %s, synchronous_commit %s", f.Fsync, f.FullPageWrites, f.SynchronousCommit)
	if f.durable() {
		t.printf("%s: what is acknowledged below is durable\n\n", settings)
	} else {
		t.printf("%s\n\n", t.style.red(settings+": NOT DURABLE, a crash loses what is acknowledged below"))
	}
}

const notes = `
latency    of whole commands: reading, deciding, every attempt
per commit commands that shared a commit
conflicts  attempts that came second on a stream and were made again on its new state (plain optimistic retry)
refused    by a business rule; not counted as commands
target     whether the run met the lower end of EventCore's target
EventCore  an event-sourcing library in Rust, whose performance report of July 2025 set W1 to W3
behind     events that a read model had not passed yet, at most, when a run ended, and how old the first of them was
hot        W1 and W2 decide on a few streams that all clients want, each in its turn in the log: so none comes second
`

// printEnd says what the figures mean and whether the log is as it must be.
func (t *terminal) printEnd(r *report) {
	if len(r.Workloads) > 0 {
		t.printf("%s", t.style.dim(notes))
	}
	if r.Interrupted {
		t.printf("\nInterrupted: no more was begun, and what had begun was finished.\n")
	}
	if r.Audit == nil {
		t.printf("\n%s\n", t.style.red("The log was not checked."))
		return
	}
	t.printf("\nThe log was read back, %s events in %.1f s:\n", thousands(r.Audit.Events), r.Audit.Seconds)
	for _, i := range r.Audit.Invariants {
		if i.Holds {
			t.printf("  %s  %s\n", t.style.green("ok"), i.Name)
		} else {
			t.printf("  %s  %s: %s\n", t.style.red("NO"), i.Name, i.Violation)
		}
	}
}
