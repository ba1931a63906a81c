// Package migrations holds the SQL files that build and change the schema of an event log on PostgreSQL.
//
// The files are forward only and are never edited once released: a change is a new file. Names in them are unqualified, so
// they must run with search_path set to the schema that is to be migrated. With groupcommit.data_type set to bytea the log is created for
// data of that type, and else for jsonb. Package pg runs them.
package migrations

import "embed"

// Latest is the version of the schema after all files ran: the number that the last one begins with.
const Latest int64 = 2

// Files are the migrations, in the format of github.com/pressly/goose.
//
//go:embed *.sql
var Files embed.FS
