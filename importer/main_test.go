package importer_test

import (
	"testing"

	"github.com/groupcommit/groupcommit/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }
