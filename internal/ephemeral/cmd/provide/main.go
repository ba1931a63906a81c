// Command provide makes sure that there is a PostgreSQL for the demo, the tests and the benchmarks: it downloads or
// installs one when this machine has none.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/groupcommit/groupcommit/internal/ephemeral"
)

func main() {
	if os.Getenv("DATABASE_URL") != "" {
		fmt.Println("PostgreSQL: the server that DATABASE_URL names")
		return
	}
	bin, err := ephemeral.Provide(context.Background(), ephemeral.Options{Logf: func(format string, args ...any) {
		fmt.Printf(format+"\n", args...)
	}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("PostgreSQL %s in %s\n", bin.Version, bin.Dir)
}
