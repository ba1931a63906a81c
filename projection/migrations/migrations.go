// Package migrations holds the SQL files that build and change the tables of package projection. They are forward only and are never edited
// once released. Names in them are unqualified.
package migrations

import "embed"

// Latest is the number of the last file.
const Latest int64 = 1

// Files are the migrations, in the format of github.com/pressly/goose.
//
//go:embed *.sql
var Files embed.FS
