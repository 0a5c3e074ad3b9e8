# Every module of the repository, by what tests it: make test, or make conformance.
PRODUCT := . examples redisstore
WORKSHOP := cmd/zuora-generate tools conformance
MODULES := $(PRODUCT) $(WORKSHOP)
TOOL := go tool -modfile=$(CURDIR)/tools/go.mod

# Those that others build, and where they may build them.
PORTABLE := $(PRODUCT)
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

FUZZTIME := 1m

.PHONY: help demo generate test conformance fuzz mutants cover bench weight check fmt vet tidy current spec compat lint rules portable

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: ## run examples/billing on a stand-in tenant
	@cd examples && go run ./billing

generate: ## make the generated files anew
	go generate ./...

test: ## run the tests of the client, the store and the examples, with the race detector
	@tools/test.sh $(PRODUCT)

conformance: ## run the tests of the tools, the specs and generated clients at large
	@tools/test.sh $(WORKSHOP)

fuzz: ## run each fuzz test for FUZZTIME (1m)
	@for at in $$(grep -rl '^func Fuzz' --include='*_test.go' . | grep -v /testdata/); do \
		for f in $$(sed -n 's/^func \(Fuzz[A-Za-z]*\).*/\1/p' $$at); do \
			(cd $$(dirname $$at) && go test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x .) || exit 1; done; done

mutants: ## break the rules on order and goroutines one by one, and see a test fail
	@go run -C tools ./mutants

cover: ## which hand-written functions the tests do not run whole, and the total
	@go test -coverprofile=cover.out -coverpkg=./... ./... >/dev/null || { echo "the tests fail: make test"; exit 1; }
	@grep -v '\.gen\.go:' cover.out >cover.hand.out; go tool cover -func cover.hand.out | grep -v '100.0%$$'

bench: ## the benchmarks, beside plain net/http, as one table (ROUNDS, BENCHTIME, BENCH)
	@tools/bench.sh

weight: ## what a program pays to import the packages of api/: CPU of its build, size, modules
	@tools/weight.sh

check: fmt vet tidy current spec compat lint rules ## all of the following

fmt: ## formatting
	@out=$$(gofmt -l .); test -z "$$out" || { echo "not gofmt-ed:"; echo "$$out"; exit 1; }

vet: ## go vet
	@for m in $(MODULES); do (cd $$m && go vet ./...) || exit 1; done

tidy: ## go.mod of every module
	@for m in $(MODULES); do (cd $$m && go mod tidy -diff) || { echo "$$m/go.mod is not tidy"; exit 1; }; done

current: ## the generated files are what make generate makes
	@tools/current.sh

spec: ## the specs are valid, and pass the linters
	@tools/specs.sh

compat: ## nothing breaks importers that CHANGELOG.md does not announce
	@tools/compat.sh

lint: ## staticcheck
	@for m in $(MODULES); do (cd $$m && $(TOOL) staticcheck ./...) || exit 1; done

rules: ## who may import what
	@tools/imports.sh

portable: ## build and vet for every platform; not part of check
	@for p in $(PLATFORMS); do for m in $(PORTABLE); do \
		(cd $$m && export CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} && go build ./... && go vet ./...) || { echo "$$m does not build for $$p"; exit 1; }; done; done
