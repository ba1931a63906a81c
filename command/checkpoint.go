package command

import "github.com/google/uuid"

// Checkpoint is a place in a log: a position, and the commit that holds it. Whoever keeps one durably and resumes from it is told if the
// log has lost that commit, as after a failover, instead of going on in a log that has another past. The zero Checkpoint is the start of any
// log.
type Checkpoint struct {
	Position int64
	CommitID uuid.UUID
}
