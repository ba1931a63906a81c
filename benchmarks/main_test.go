package benchmarks

import (
	"testing"

	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/internal/worker"
)

func TestMain(m *testing.M) {
	worker.Main(map[string]worker.Task{memberTask: runMember, neighbourTask: runNeighbour})
	pgtest.Main(m)
}
