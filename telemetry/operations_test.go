package telemetry_test

import (
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/groupcommit/groupcommit/telemetry"
)

// matches gives the two groups of every match, the first as the key.
func matches(expr, text string) map[string]string {
	found := make(map[string]string)
	for _, m := range regexp.MustCompile(expr).FindAllStringSubmatch(text, -1) {
		found[m[1]] = m[2]
	}
	return found
}

// OPERATIONS.md describes every metric that is served, by its kind, every target, and none that does not exist.
func TestOperationsDescribesAll(t *testing.T) {
	text, err := os.ReadFile("../OPERATIONS.md")
	if err != nil {
		t.Fatal(err)
	}
	operations := string(text)
	seen := look(t, &fake{}, telemetry.Config{})
	described := matches("(?m)^\\| `(groupcommit_\\w+)` \\| (\\w+) \\|", operations)
	served := matches(`(?m)^# TYPE (groupcommit_\w+) (\w+)$`, get(t, seen, "/metrics").Body.String())
	if !maps.Equal(described, served) || len(served) == 0 {
		t.Errorf("described are\n%v\nserved are\n%v", described, served)
	}
	_, alerts, _ := strings.Cut(operations, "### Alerts")
	for _, target := range seen.Targets() {
		if !strings.Contains(alerts, "| `"+target.Name+"` |") {
			t.Errorf("target %s is not described", target.Name)
		}
	}
}
