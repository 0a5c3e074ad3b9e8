# Every module of the repository. The nested ones are not part of what importers get.
MODULES := . tools examples conformance
TOOL := go tool -modfile=$(CURDIR)/tools/go.mod

FUZZTIME := 1m

.PHONY: help demo generate test fuzz check fmt vet tidy current spec lint rules

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: ## run the accounts example on a stand-in tenant
	@cd examples && go run ./accounts -standin

generate: ## make the generated files anew
	go generate ./...

test: ## run all tests of all modules, with the race detector
	@for m in $(MODULES); do (cd $$m && go test -race -timeout 10m ./...) || exit 1; done

fuzz: ## run each fuzz test for FUZZTIME (1m)
	@for f in FuzzCheckResponse FuzzLogin; do \
		go test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x . || exit 1; done

check: fmt vet tidy current spec lint rules ## all of the following

fmt: ## formatting
	@out=$$(gofmt -l .); test -z "$$out" || { echo "not gofmt-ed:"; echo "$$out"; exit 1; }

vet: ## go vet
	@for m in $(MODULES); do (cd $$m && go vet ./...) || exit 1; done

tidy: ## go.mod of every module
	@for m in $(MODULES); do (cd $$m && go mod tidy -diff) || { echo "$$m/go.mod is not tidy"; exit 1; }; done

current: ## the generated files are what make generate makes
	@tools/current.sh

spec: ## the specs are valid
	@for s in openapi.yaml examples/accounts/openapi.yaml; do $(TOOL) validate $$s || exit 1; done

lint: ## staticcheck
	@for m in $(MODULES); do (cd $$m && $(TOOL) staticcheck ./...) || exit 1; done

rules: ## who may import what
	@tools/rules.sh
