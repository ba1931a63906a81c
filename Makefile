# Go and make are all that is needed: what is missing of PostgreSQL is downloaded once. DATABASE_URL names a server to
# use instead; POSTGRES_VERSION=15 to 18 asks for a major version.

GO         ?= go
BENCH      ?= .
DURATION   ?= 10m
CLIENTS    ?= 100
TESTFLAGS  ?=
BENCHFLAGS ?=

# The race detector pays where goroutines meet, not in programs and benchmarks. It needs a C compiler.
RACE = $(shell $(GO) list ./... | grep -v -E '/(cmd|benchmarks)(/|$$)')

.DEFAULT_GOAL := help
.PHONY: help demo test race bench soak lint check vuln postgres clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' Makefile

demo: postgres ## show the workloads on a real PostgreSQL, in about a minute
	$(GO) run ./cmd/demo

test: postgres ## run all tests (TESTFLAGS=-v)
	$(GO) test $(TESTFLAGS) ./...

race: postgres ## run the tests of the concurrent packages under the race detector
	$(GO) test -race $(TESTFLAGS) $(RACE)

bench: postgres ## run the benchmarks (BENCH=regexp BENCHFLAGS=-benchtime=5s)
	$(GO) test -run='^$$' -bench='$(BENCH)' -benchmem -timeout=1h $(BENCHFLAGS) ./benchmarks

soak: postgres ## work under a mixed load, then check log and memory (DURATION=10m CLIENTS=100)
	$(GO) run ./benchmarks/soak -duration=$(DURATION) -clients=$(CLIENTS)

lint: ## gofmt, go vet, staticcheck
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "not gofmt'ed:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

check: lint test race ## lint, test and race: what a change must pass

vuln: ## look for known vulnerabilities (asks vuln.go.dev)
	$(GO) run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./...

postgres: ## download or install PostgreSQL when this machine has none
	@$(GO) run ./internal/ephemeral/cmd/provide

clean: ## remove profiles, test binaries and cached test results
	rm -rf bin
	find . \( -name '*.test' -o -name '*.prof' -o -name '*.out' \) -exec rm -f {} +
	$(GO) clean -testcache
