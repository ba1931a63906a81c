# Go and make are all that is needed: what is missing of PostgreSQL is downloaded once. DATABASE_URL names a server to
# use instead; POSTGRES_VERSION=15 to 18 asks for a major version. Only browser and screenshot need Chromium as well.

GO         ?= go
BENCH      ?= .
DURATION   ?= 10m
CLIENTS    ?= 100
SEED       ?= 1
FUZZTIME   ?= 30s
TESTFLAGS  ?=
BENCHFLAGS ?=

BENCHMARKS = $(GO) test -run='^$$' -bench='$(BENCH)' -timeout=1h ./benchmarks $(BENCHFLAGS)

# Run by make itself and not by "go run", which makes 1 of every exit status: Ctrl-C ends "serve" with 0, and "demo" with 130.
BUILD_DEMO = $(GO) build -o bin/demo ./cmd/demo

# What nobody is to inherit who imports groupcommit is in modules of its own, which ./... does not reach. The tests of one need a browser.
TESTED     = benchmarks/report deploy telemetry/oteltrace
IN_BROWSER = telemetry/dashboard/browsertest
MODULES    = $(TESTED) $(IN_BROWSER)
IN_REPORT  = cd benchmarks/report &&
in_each    = @for dir in $(1); do echo "in $$dir"; (cd $$dir && $(2)) || exit 1; done

# The race detector pays where goroutines meet, not in programs and benchmarks, nor where tests are built anew. It needs a C compiler.
RACE = $(shell $(GO) list ./... | grep -v -E '/(cmd|benchmarks|internal/seeded)(/|$$)')

.DEFAULT_GOAL := help
.PHONY: help demo serve verify test browser race bench bench-report soak torture bites fuzz screenshot lint check vuln postgres chromium clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile

demo: postgres ## show the workloads on a real PostgreSQL, in about a minute
	$(BUILD_DEMO)
	bin/demo

serve: postgres ## run a mixed load and show it in the browser, until Ctrl-C (DEMO_LISTEN=127.0.0.1:8080)
	$(BUILD_DEMO)
	bin/demo serve

verify: ## prove that the log at DATABASE_URL (GROUPCOMMIT_SCHEMA=groupcommit) is sound, or tell what is wrong with it
	$(GO) run ./cmd/demo verify

test: postgres ## run all tests (TESTFLAGS=-v)
	$(GO) test $(TESTFLAGS) ./...
	$(call in_each,$(TESTED),$(GO) test $(TESTFLAGS) ./...)

browser: chromium ## look at the dashboard in a real Chromium, which "make test" does not need
	cd $(IN_BROWSER) && $(GO) test $(TESTFLAGS) ./...

race: postgres ## run the tests of the concurrent packages under the race detector
	$(GO) test -race $(TESTFLAGS) $(RACE)

bench: postgres ## run the benchmarks (BENCH=regexp BENCHFLAGS=-benchtime=5s)
	$(BENCHMARKS)

bench-report: postgres ## the same, written down with charts in benchmarks/REPORT.md
	$(IN_REPORT) $(GO) build -o ../../bin/report .
	bin/report $(BENCHMARKS)

soak: postgres ## work under a mixed load, then check log and memory (DURATION=10m CLIENTS=100)
	$(GO) run ./benchmarks/soak -duration=$(DURATION) -clients=$(CLIENTS)

torture: postgres ## break everything that can break under load, and judge every verdict (DURATION=30m SEED=1)
	$(GO) run ./cmd/torture -duration=$(DURATION) -seed=$(SEED)

screenshot: postgres chromium ## take the picture of a dashboard at work, docs/dashboard.png
	$(BUILD_DEMO)
	cd $(IN_BROWSER) && $(GO) run ./screenshot -demo $(CURDIR)/bin/demo -o $(CURDIR)/docs/dashboard.png

bites: postgres ## seed every bug of internal/seeded/bugs, and see the tests catch it; some minutes
	$(GO) test -count=1 -timeout=1h -v ./internal/seeded -run=TestBugsAreCaught -complete

fuzz: postgres ## run every fuzz target in turn (FUZZTIME=30s for each)
	@grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z]+' . | sed -E 's|/[^/]*:func | |' | while read -r package target; do \
		echo "$$package $$target"; $(GO) test $$package -run='^$$' -fuzz="^$$target$$" -fuzztime=$(FUZZTIME) </dev/null || exit 1; \
	done

lint: ## gofmt, go vet, staticcheck
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "not gofmt'ed:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(call in_each,$(MODULES),$(GO) vet ./...)
	$(GO) tool staticcheck ./...
	$(call in_each,$(MODULES),$(GO) tool -modfile=$(CURDIR)/go.mod staticcheck ./...)

check: lint test race browser ## lint, test, race and browser: what a change must pass

vuln: ## look for known vulnerabilities (asks vuln.go.dev)
	$(GO) run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./...
	$(call in_each,$(MODULES),$(GO) run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./...)

postgres: ## download or install PostgreSQL when this machine has none
	@$(GO) run ./internal/ephemeral/cmd/provide

chromium: ## install Chromium with apt, as root, when this machine has none
	@command -v chromium || command -v chromium-browser || command -v google-chrome || \
	  { apt-get --quiet update && DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes install --no-install-recommends chromium fonts-inter; } || \
	  { echo "there is no Chromium on this machine, and only root can install it with apt-get: install one and run this again"; exit 1; }

clean: ## remove profiles, test binaries and cached test results
	rm -rf bin
	find . \( -name '*.test' -o -name '*.prof' -o -name '*.out' \) -exec rm -f {} +
	$(GO) clean -testcache
