// Package pg keeps the log in PostgreSQL: the schema, the wire format of a commit, looking and reading, and what each
// error of the server means for a commit. It implements committer.Log and knows nothing of batches and verdicts.
//
// A commit is one simple query, one round trip:
//
//	BEGIN; INSERT INTO commits ...; COPY events FROM STDIN BINARY; COMMIT
//
// Only numbers, times, UUIDs and digests are ever formatted into SQL text, all of fixed shapes; user data travels as COPY rows or
// parameters.
package pg
