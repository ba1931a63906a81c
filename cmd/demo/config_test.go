package main

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit"
)

// clearEnvironment unsets what configures the demo.
func clearEnvironment(t *testing.T) {
	t.Helper()
	for field := range reflect.TypeFor[config]().Fields() {
		if name := field.Tag.Get("env"); name != "" {
			t.Setenv(name, "")
		}
	}
	for field := range reflect.TypeFor[groupcommit.Config]().Fields() {
		if name := field.Tag.Get("env"); name != "-" {
			t.Setenv(name, "")
		}
	}
}

func TestConfigDefaults(t *testing.T) {
	clearEnvironment(t)
	c, err := readConfig()
	if err != nil {
		t.Fatal(err)
	}
	want := &config{
		HotClients:   []int{1, 10, 100},
		BatchClients: []int{1, 10},
		ManyClients:  []int{1, 100, 4000},
		Streams:      20_000,
		RunFor:       2500 * time.Millisecond,
		Commands:     100_000,

		Listen:        "127.0.0.1:8080",
		ServeClients:  []int{4, 2, 40},
		ServeCommands: 10_000_000,

		SourceTable: "events",
	}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("%+v, want %+v", c, want)
	}
}

func TestConfigReachesTheLibrary(t *testing.T) {
	clearEnvironment(t)
	t.Setenv("DEMO_CLIENTS", "3,4")
	t.Setenv("DATABASE_URL", "postgres://elsewhere")
	t.Setenv("GROUPCOMMIT_LINGER", "-1ns")
	t.Setenv("GROUPCOMMIT_DATA_TYPE", "bytea")
	c, err := readConfig()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(c.HotClients, []int{3, 4}) {
		t.Errorf("%+v", c)
	}
	want := groupcommit.Config{DatabaseURL: "postgres://elsewhere", Linger: -1, DataType: groupcommit.DataBytea}
	if !reflect.DeepEqual(c.Store, want) {
		t.Errorf("%+v, want %+v", c.Store, want)
	}
}

func TestConfigErrorsNameTheVariable(t *testing.T) {
	for name, value := range map[string]string{
		"DEMO_CLIENTS":        "many",
		"DEMO_BATCH_CLIENTS":  "1,0",
		"DEMO_STREAM_CLIENTS": "-1",
		"DEMO_STREAMS":        "-1",
		"DEMO_RUN_FOR":        "-1s",
		"DEMO_COMMANDS":       "-1",
		"DEMO_SERVE_CLIENTS":  "1,2",
		"DEMO_SERVE_COMMANDS": "0",
		"DEMO_PROFILES":       "perhaps",
		"GROUPCOMMIT_LINGER":  "long",
	} {
		t.Run(name, func(t *testing.T) {
			clearEnvironment(t)
			t.Setenv(name, value)
			if _, err := readConfig(); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestUsageListsEveryVariable(t *testing.T) {
	text := usage()
	for field := range reflect.TypeFor[config]().Fields() {
		name := field.Tag.Get("env")
		if name == "" || name == "TERM" {
			continue
		}
		if field.Tag.Get("help") == "" || !strings.Contains(text, name) || !strings.Contains(text, field.Tag.Get("envDefault")) {
			t.Errorf("%s is not explained", name)
		}
	}
	for field := range reflect.TypeFor[groupcommit.Config]().Fields() {
		name := field.Tag.Get("env")
		ours := name == "-" || name == "GROUPCOMMIT_SCHEMA" || name == "GROUPCOMMIT_MIGRATE"
		if slices.Contains(strings.Fields(strings.TrimSuffix(text, usageTail)), name) == ours {
			t.Errorf("%s: listed %t", name, !ours)
		}
	}
	checkWidth(t, text)
}

// checkWidth fails when a line does not fit a terminal.
func checkWidth(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 120 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}
