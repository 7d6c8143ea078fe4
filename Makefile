# A thin front for people; the build itself is CMakeLists.txt. `make help` lists what there is.
BUILD   ?= build
JOBS    ?= $(shell nproc)
DATA    ?=
PORT    ?= 8080
FUZZ_SECONDS ?= 600
# Where tests keep the real models (a data folder as `tiro --data` takes it).
TEST_DATA ?= $(HOME)/.cache/tiro
export TIRO_MODELS ?= $(TEST_DATA)/models
NINJA   = cmake --build
VENV    = .venv

.DEFAULT_GOAL := all
.PHONY: all help run test check bench lint fmt fuzz coverage verify soak newcomer \
        clean setup-build

all: setup-build ## Build the program: build/tiro
	@cmake --preset release > $(BUILD).cmake.log 2>&1 || { cat $(BUILD).cmake.log; exit 1; }
	@rm -f $(BUILD).cmake.log
	@$(NINJA) $(BUILD) -j $(JOBS) --target tiro

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | \
	    awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

run: all ## Install what is needed, build, get the small models, serve and print the URL
	@$(BUILD)/tiro serve --port $(PORT) $(if $(DATA),--data $(DATA))

test: ## Everything CI runs: lint, unit, sanitizers, fuzzing, real models, SDKs, browser
	@tools/test.sh all

check: ## A minute, no network: the unit and kernel tests of the release build
	@tools/test.sh check

lint: ## Layers, banned functions, sizes, formatting, warnings as errors on gcc and clang
	@tools/test.sh lint

fmt: ## Format the C files in place
	@git ls-files '*.c' '*.h' | xargs clang-format-14 -i

fuzz: ## Fuzz every parser for FUZZ_SECONDS each (default 600)
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tools/test.sh fuzz

bench: all ## Measure prefill and decode of the small model
	@$(BUILD)/tiro bench smollm2-135m $(if $(DATA),--data $(DATA))

verify: ## Long: models against an independent forward pass over 4k tokens
	@tools/test.sh verify

soak: ## Long: thousands of requests and open streams, memory watched
	@tools/test.sh soak

newcomer: ## Long, needs root and debootstrap: make run and make test in a bare Debian 12
	@tools/newcomer.sh

coverage: ## Line and branch coverage of the unit tests
	@tools/test.sh coverage

setup-build:
	@tools/setup.sh build

clean: ## Remove what was built
	rm -rf build build-* $(VENV) web/dist web/node_modules
