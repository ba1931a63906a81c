package pg

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/migrations"
)

// versionTable is where the migrations that ran are recorded, in the schema itself.
const versionTable = "schema_version"

var schemaName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// checkSchemaName returns a *command.SchemaError for a name that is not on the allowlist: lower case, no longer than
// PostgreSQL keeps, and not one that PostgreSQL reserves for itself. Nor one that is there for everybody: our tables have names that others
// use, too, and who may create anything there could put a function of theirs in the way of ours.
func checkSchemaName(name string) error {
	if name == "public" || name == "information_schema" {
		return &command.SchemaError{Schema: name, Problem: command.SchemaName, Detail: "it is shared with others: the log needs a schema of its own"}
	}
	if schemaName.MatchString(name) && !strings.HasPrefix(name, "pg_") {
		return nil
	}
	return &command.SchemaError{
		Schema:  name,
		Problem: command.SchemaName,
		Detail:  "a name is 1 to 63 of a-z, 0-9 and _, begins with no digit and not with pg_",
	}
}

// quote returns an identifier for SQL text, qualified when there are two names.
func quote(names ...string) string {
	return pgx.Identifier(names).Sanitize()
}

// checkVersion returns a *command.SchemaError unless the schema is at the one version that this program works with. A schema
// whose first migration failed is at version 0.
func checkVersion(schema string, have int64) error {
	switch {
	case have < migrations.Latest:
		return &command.SchemaError{
			Schema:  schema,
			Problem: command.SchemaOlder,
			Have:    have,
			Want:    migrations.Latest,
			Detail:  fmt.Sprintf("it is at version %d, and this program needs %d: call groupcommit.Migrate, or Open with Config.Migrate", have, migrations.Latest),
		}
	case have > migrations.Latest:
		return newerSchema(schema, have, migrations.Latest)
	}
	return nil
}

// checkDataType returns a *command.SchemaError unless events.data is of a type that we know, and of the one that is wanted, if any is.
func checkDataType(schema string, have, want command.DataType) error {
	switch {
	case have == "":
		return incompleteSchema(schema, "column events.data")
	case have != command.DataJSONB && have != command.DataBytea:
		return &command.SchemaError{
			Schema:  schema,
			Problem: command.SchemaNewer,
			Detail: fmt.Sprintf("events.data is of type %s, and this program knows %s and %s only: upgrade the program",
				have, command.DataJSONB, command.DataBytea),
		}
	case want != "" && want != have:
		return &command.SchemaError{
			Schema:  schema,
			Problem: command.SchemaDataType,
			Detail: fmt.Sprintf("it was created with data of type %s, which never changes, and Config.DataType is %s: leave that empty or say %s, "+
				"or use another schema", have, want, have),
		}
	}
	return nil
}

func missingSchema(schema string) error {
	return &command.SchemaError{
		Schema:  schema,
		Problem: command.SchemaMissing,
		Want:    migrations.Latest,
		Detail:  "it was never migrated: call groupcommit.Migrate, or Open with Config.Migrate",
	}
}

func incompleteSchema(schema, missing string) error {
	return &command.SchemaError{
		Schema:  schema,
		Problem: command.SchemaMissing,
		Detail:  fmt.Sprintf("%s is not there, although its migration ran: restore it", missing),
	}
}

func newerSchema(schema string, have, want int64) error {
	return &command.SchemaError{
		Schema:  schema,
		Problem: command.SchemaNewer,
		Have:    have,
		Want:    want,
		Detail:  fmt.Sprintf("it is at version %d, and this program knows %d: upgrade the program", have, want),
	}
}
