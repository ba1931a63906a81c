package projection_test

import (
	"testing"

	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/internal/worker"
)

func TestMain(m *testing.M) {
	worker.Main(map[string]worker.Task{projectTask: project})
	pgtest.Main(m)
}
