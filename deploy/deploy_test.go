package deploy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/telemetry"
)

const (
	rulesFile     = "prometheus/alerts.yml"
	dashboardFile = "grafana/groupcommit.json"
)

// exposition is what a live store serves: the metric families by name.
type exposition map[string]*dto.MetricFamily

func expose(t *testing.T) exposition {
	t.Helper()
	store, err := groupcommit.OpenInMemory(groupcommit.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close(context.Background())
	seen, err := telemetry.New(store, telemetry.Config{Lags: func() []telemetry.Lag { return []telemetry.Lag{{Name: "orders", Age: time.Second}} }})
	if err != nil {
		t.Fatal(err)
	}
	defer seen.Close()
	if _, err := store.Append(t.Context(), groupcommit.To("stream", groupcommit.Any, groupcommit.JSON("Happened", 1))); err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	seen.WriteMetrics(&page)
	p := expfmt.NewTextParser(model.LegacyValidation)
	families, err := p.TextToMetricFamilies(&page)
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// family finds the one that a series belongs to.
func (e exposition) family(series string) *dto.MetricFamily {
	if f, ok := e[series]; ok && f.GetType() != dto.MetricType_HISTOGRAM {
		return f
	}
	for _, part := range []string{"_bucket", "_sum", "_count"} {
		if name, cut := strings.CutSuffix(series, part); cut && e[name].GetType() == dto.MetricType_HISTOGRAM {
			return e[name]
		}
	}
	return nil
}

// check tells what an expression asks for that nobody serves, and notes which families it uses.
func (e exposition) check(expr string, used map[string]bool) (problems []string) {
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return []string{err.Error()}
	}
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		if selector.Name == "up" { // the server's own
			return nil
		}
		f := e.family(selector.Name)
		if f == nil {
			problems = append(problems, "nobody serves "+selector.Name)
			return nil
		}
		used[f.GetName()] = true
		for _, matcher := range selector.LabelMatchers {
			if !serves(f, matcher) {
				problems = append(problems, fmt.Sprintf("no series of %s has %v", selector.Name, matcher))
			}
		}
		return nil
	})
	return problems
}

// serves tells whether some series fits a matcher. Which job and instance it is, the server adds.
func serves(f *dto.MetricFamily, matcher *labels.Matcher) bool {
	if matcher.Name == model.MetricNameLabel || matcher.Name == "job" || matcher.Name == "instance" {
		return true
	}
	for _, m := range f.Metric {
		for _, label := range m.Label {
			if label.GetName() == matcher.Name && matcher.Matches(label.GetValue()) {
				return true
			}
		}
	}
	return false
}

// alertRules are those of all groups.
func alertRules(t *testing.T) (rules []rulefmt.Rule) {
	t.Helper()
	groups, errs := rulefmt.ParseFile(rulesFile, false, model.LegacyValidation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	for _, group := range groups.Groups {
		rules = append(rules, group.Rules...)
	}
	return rules
}

func TestAlertRules(t *testing.T) {
	served, used := expose(t), make(map[string]bool)
	operations := read(t, "../OPERATIONS.md")
	for _, rule := range alertRules(t) {
		for _, problem := range served.check(rule.Expr, used) {
			t.Errorf("%s: %s", rule.Alert, problem)
		}
		if rule.Labels["severity"] == "" || rule.Annotations["summary"] == "" {
			t.Errorf("%s has no severity, or no summary", rule.Alert)
		}
		if !strings.Contains(operations, "| `"+rule.Alert+"` |") {
			t.Errorf("OPERATIONS.md does not say what to do about %s", rule.Alert)
		}
	}
	if !used["groupcommit_stopped"] || len(used) < 10 {
		t.Errorf("the rules use only %v", used)
	}
}

// The dashboard shows every metric of a store, and none that does not exist.
func TestDashboard(t *testing.T) {
	served, used := expose(t), make(map[string]bool)
	var dashboard struct {
		Panels []struct {
			ID          int
			Title       string
			Description string
			Targets     []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(read(t, dashboardFile)), &dashboard); err != nil {
		t.Fatal(err)
	}
	ids := make(map[int]bool)
	for _, panel := range dashboard.Panels {
		if panel.Title == "" || panel.Description == "" || len(panel.Targets) == 0 || ids[panel.ID] {
			t.Errorf("panel %d lacks something: %+v", panel.ID, panel)
		}
		ids[panel.ID] = true
		for _, target := range panel.Targets {
			expr := strings.ReplaceAll(target.Expr, "$__rate_interval", "1m")
			for _, problem := range served.check(expr, used) {
				t.Errorf("%s: %s", panel.Title, problem)
			}
		}
	}
	for name := range served {
		if strings.HasPrefix(name, "groupcommit_") && !used[name] && name != "groupcommit_opened_timestamp_seconds" { // that chooses the instances
			t.Errorf("no panel shows %s", name)
		}
	}
}

// The check finds what it is there for.
func TestCheckFinds(t *testing.T) {
	served := expose(t)
	for _, expr := range []string{
		"groupcommit_nothing", `groupcommit_commands_total{verdict="lucky"}`, "groupcommit_command_duration_seconds", "rate(groupcommit_events_total",
		"groupcommit_events_total_bucket",
	} {
		if len(served.check(expr, make(map[string]bool))) == 0 {
			t.Errorf("nothing is found wrong with %s", expr)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
