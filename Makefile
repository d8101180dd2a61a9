# Scellé. `make help` says what there is.
GO := scripts/setup/go.sh
# One set of flags everywhere, so that nothing is compiled twice.
export GOFLAGS := -buildvcs=false -trimpath
BUILD := build
LDFLAGS := -s -w
# Without inlining the windows' modules are smaller, and fast enough.
SMALL := -gcflags=scelle/...=-l -gcflags=fmt=-l -gcflags=strings=-l
HOSTFLAGS := $(LDFLAGS) -X=runtime.godebugDefault=asyncpreemptoff=1
OS := linux windows darwin
MODULES := $(BUILD)/app.wasm,$(BUILD)/keys.wasm,$(BUILD)/plis.wasm,$(BUILD)/crypto.wasm,$(BUILD)/verify.wasm

.DEFAULT_GOAL := help
.PHONY: help setup demo build test test-all lint bench gen dist clean host portal wasm extension

help: ## say what there is
	@sed -n 's/^\([a-z][a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

## -- develop -----------------------------------------------------------------

demo: ## install what is missing, build, start the portal and open Chromium on it
	@sh scripts/setup/setup.sh demo
	@$(MAKE) --no-print-directory build
	$(BUILD)/demo-run $(DEMOFLAGS)

setup: ## install what a build needs, if it is missing
	@sh scripts/setup/setup.sh build

build: setup host portal wasm extension ## build host, portal, WebAssembly modules and extensions into build/
	$(GO) build -o $(BUILD)/demo-run ./scripts/demo

host:
	$(GO) build -ldflags "$(HOSTFLAGS)" -o $(BUILD)/scelle ./host

portal:
	$(GO) build -ldflags "$(LDFLAGS)" -o $(BUILD)/portal ./scripts/portal

wasm:
	GOOS=js GOARCH=wasm $(GO) build -ldflags "$(LDFLAGS)" $(SMALL) -o $(BUILD)/app.wasm ./wasm/app
	GOOS=js GOARCH=wasm $(GO) build -ldflags "$(LDFLAGS)" $(SMALL) -o $(BUILD)/keys.wasm ./wasm/keys
	GOOS=js GOARCH=wasm $(GO) build -ldflags "$(LDFLAGS)" $(SMALL) -o $(BUILD)/plis.wasm ./wasm/plis
	GOOS=js GOARCH=wasm $(GO) build -ldflags "$(LDFLAGS)" -o $(BUILD)/crypto.wasm ./wasm/crypto
	GOOS=js GOARCH=wasm $(GO) build -ldflags "$(LDFLAGS)" -o $(BUILD)/verify.wasm ./wasm/verify

extension: wasm # and the npm package for portals, build/page
	$(GO) run ./scripts/pack -out $(BUILD)/extension -page $(BUILD)/page -wasm $(MODULES)
	$(GO) run ./scripts/pack -out $(BUILD)/extension-demo -wasm $(MODULES) -demo

gen: setup ## write the files that are generated from shared/ again
	$(GO) run ./scripts/genproto
	$(GO) run ./scripts/policy

# The browsers' tests take longest and begin first: what only waits is beside them.
test: ## install what is missing and run the tests (under 15 minutes on 2 cores)
	@sh scripts/setup/setup.sh test
	@$(MAKE) --no-print-directory build
	@scripts/setup/js.sh install
	$(GO) test -vet=off -ldflags "$(LDFLAGS)" -timeout 25m ./scripts/e2e ./...
	scripts/setup/js.sh test
	sh scripts/wine/test.sh

test-all: test ## the long tests too: race detector, timing, mutants (MUTANTS=500), long fuzzing (FUZZTIME=10m)
	$(GO) test -race -timeout 60m ./shared/... ./host/... ./wasm/...
	PACKAGES=./host/internal/keystore/capi CGO_ENABLED=1 CC=x86_64-w64-mingw32-gcc sh scripts/wine/test.sh -race
	$(GO) test -tags long -run Timing -v -timeout 30m ./host/internal/unwrap
	$(GO) test -tags long -timeout 60m ./host/internal/keystore/pkcs11 ./scripts/e2e ./scripts/e2e/wasmtest
	$(GO) run ./scripts/mutate -n $(or $(MUTANTS),60)
	sh scripts/setup/fuzz.sh $(or $(FUZZTIME),60s)

lint: ## formatting, vet for every system, staticcheck, types of the JavaScript, generated files
	@sh scripts/setup/setup.sh test
	@unformatted=$$("$$($(GO) env GOROOT)/bin/gofmt" -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "not gofmt-ed: $$unformatted"; exit 1; }
	@for os in $(OS); do echo "vet $$os"; GOOS=$$os CGO_ENABLED=$$([ $$os = linux ] && echo 1 || echo 0) $(GO) vet ./shared/... ./host/... ./extension/... ./wasm/internal/... || exit 1; done
	$(GO) vet ./scripts/...
	GOOS=js GOARCH=wasm $(GO) vet ./shared/... ./wasm/...
	$(GO) tool staticcheck ./...
	check=$$($(GO) tool -n staticcheck) && PATH="$$($(GO) env GOROOT)/bin:$$PATH" GOOS=js GOARCH=wasm "$$check" ./wasm/...
	$(GO) run ./scripts/genproto -check
	$(GO) run ./scripts/policy -check
	scripts/setup/js.sh lint
	$(GO) tool -modfile=scripts/dist/tools.mod actionlint
	$(GO) test ./scripts/archtest

bench: build ## measure start, memory, size and speed beside peers, as ratios
	$(GO) run ./scripts/bench

## -- release -----------------------------------------------------------------

dist: ## every package into build/dist/; DISTFLAGS="-sign-p12 FILE -sign-pass-file FILE" signs, PORTALS=FILE allows an organisation's sites
	@sh scripts/setup/setup.sh dist
	$(GO) run ./scripts/dist -out $(BUILD)/dist $(if $(PORTALS),-portals "$(PORTALS)") $(DISTFLAGS)

clean: ## remove what was built
	rm -rf $(BUILD)
