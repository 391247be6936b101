# Everything a person or CI runs here. `make` alone lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

UV_VERSION := 0.13.9
RUN_ARGS ?=
TEST_ARGS ?=
BENCH_ARGS ?=
LOCK_ARGS ?=
EXAMPLES ?= 2000
CHAOS_SECONDS ?= 60
CHAOS_KILLS ?= 100
SOAK_MINUTES ?= 20

BIN := .venv/bin
PYTEST := $(BIN)/python -X dev -m pytest
IN_TWO_PROCESSES := --dist loadfile --no-loadscope-reorder --tx "2*popen//python=$(BIN)/python -X dev"
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check
LOCKED := .venv/.locked
READY := .venv/.ready

# Every recipe is one shell (.ONESHELL), so a recipe can start with these functions.
# The package of a program has the program's name, but for Python's own.
define shell_functions
say() { printf '» %s\n' "$$*"; }
fail() { printf '✗ %s\n' "$$*" >&2; exit 1; }

# install_packages PACKAGE…: from Debian, as root; anybody else is told what to type. A subshell, for its trap.
install_packages() (
  packages="$$*" policy=/usr/sbin/policy-rc.d log=$$(mktemp)
  trap 'rm -f "$$log"' EXIT
  if [ "$$(id -u)" != 0 ]; then fail "missing here: $$packages. Type: sudo apt-get install $$packages"; fi
  if ! command -v apt-get >/dev/null; then fail "missing here: $$packages. There is no apt-get: install by hand"; fi
  say "installing $$packages"
  if [ ! -e $$policy ]; then  # 101: the package must not start a service, the tests start their own
    trap 'rm -f "$$log" "$$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >$$policy
    chmod 755 $$policy
  fi
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update && apt-get install --yes --no-install-recommends "$$@"; } >"$$log" 2>&1 </dev/null \
    || { cat "$$log" >&2; fail "apt-get could not install $$packages"; }
)

# need PROGRAM…: installs those that are not here.
need() {
  local program missing=()
  for program in "$$@"; do command -v "$$program" >/dev/null || missing+=("$$program"); done
  if [ $${#missing[@]} -gt 0 ]; then install_packages "$${missing[@]}"; fi
}

# find_python: prints the first Python that is new enough.
find_python() {
  local candidate
  for candidate in python3.13 python3.12 python3.11 python3; do
    if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$$candidate"
      return
    fi
  done
  return 1
}
endef

.PHONY: help
help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	echo
	echo "  RUN_ARGS, TEST_ARGS, BENCH_ARGS and LOCK_ARGS are passed on: make test TEST_ARGS='-k twilio'"

.PHONY: run
run: $(READY) ## run the whole product with sample people; prints URLs and a curl line (RUN_ARGS)
	@exec $(BIN)/cti-lookup serve --demo $(RUN_ARGS)

# -X dev: asyncio's debug mode and warnings for the tests themselves; servers they start run as in production.
# Two processes take a whole file each, as what its tests share is made once. Chosen tests are run by one, as ever.
.PHONY: test
test: $(READY) ## run every test, installing what they need (TEST_ARGS)
	@$(shell_functions)
	need redis-server curl chromium buildah
	command -v promtool >/dev/null || install_packages prometheus
	compgen -G '/usr/lib/*/kamailio/modules/http_client.so' >/dev/null && command -v sipp >/dev/null \
	  || install_packages kamailio kamailio-utils-modules sip-tester
	if [ -n "$(if $(strip $(TEST_ARGS)),chosen)" ]; then
	  say "running the tests that were chosen"
	  exec $(PYTEST) $(TEST_ARGS)
	fi
	in_company=passed alone=passed
	say "running every test but those that need the machine for themselves"
	$(PYTEST) -m "not alone" $(IN_TWO_PROCESSES) || in_company=failed
	say "running those"
	mapfile -t files < <(grep -rl --include='test_*.py' 'mark\.alone' tests)  # to read all files takes half a minute
	$(PYTEST) -m alone "$${files[@]}" || alone=failed
	say "every test but those that need the machine for themselves: $$in_company; those: $$alone"
	[ "$$in_company $$alone" = "passed passed" ]

.PHONY: fast
fast: $(READY) ## run the tests that take seconds (TEST_ARGS)
	@$(shell_functions)
	say "running the fast tests"
	$(PYTEST) -m "not slow" $(TEST_ARGS)

.PHONY: check
check: $(READY) ## lint, format check and types
	@$(shell_functions)
	say "ruff: lint"
	$(BIN)/ruff check --quiet
	say "ruff: format"
	$(BIN)/ruff format --quiet --diff
	say "mypy: types"
	$(BIN)/mypy --no-error-summary

.PHONY: fuzz
fuzz: $(READY) ## try many more states and inputs than make test does (EXAMPLES=2000)
	@$(shell_functions)
	need redis-server
	say "trying $(EXAMPLES) examples of each"
	CTI_TEST_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest tests/lookup tests/dialects/test_any_bytes.py tests/directory/test_fields.py tests/directory/test_openapi.py \
	  tests/api/test_answers_as_described.py $(TEST_ARGS)

.PHONY: chaos
chaos: $(READY) ## break things for longer, and more often, than make test does (CHAOS_SECONDS=60, CHAOS_KILLS=100)
	@$(shell_functions)
	need redis-server
	say "breaking each thing for $(CHAOS_SECONDS) s, and killing $(CHAOS_KILLS) imports"
	export CTI_CHAOS_SECONDS=$(CHAOS_SECONDS) CTI_CHAOS_KILLS=$(CHAOS_KILLS)
	$(BIN)/python -m pytest tests/faults tests/directory/test_import_adversity.py $(TEST_ARGS)

.PHONY: soak
soak: $(READY) ## work steadily for long, and show that nothing grows (SOAK_MINUTES=20)
	@$(shell_functions)
	need redis-server
	say "working for $(SOAK_MINUTES) minutes, once what is bounded has filled up"
	CTI_SOAK_SECONDS=$$(( $(SOAK_MINUTES) * 60 )) $(BIN)/python -m pytest -s tests/soak $(TEST_ARGS)

.PHONY: bench
bench: $(READY) ## measure the service under load (BENCH_ARGS)
	@$(shell_functions)
	need redis-server wrk chromium
	say "measuring"
	$(BIN)/python -m tests.bench $(BENCH_ARGS)

.PHONY: corpus
corpus: $(READY) ## print how well the caller corpus is recognised
	@$(BIN)/python -m pytest -q -s tests/corpus

.PHONY: sbom
sbom: $(READY) ## write the bill of materials of what is shipped (dist/sbom.cdx.json)
	@$(BIN)/python -m tools.bill_of_materials requirements.lock dist/sbom.cdx.json

.PHONY: format
format: $(READY) ## rewrite the code in the house format, with the safe fixes of the linter
	@$(shell_functions)
	say "ruff: fixes, then format"
	$(BIN)/ruff check --quiet --fix --exit-zero
	$(BIN)/ruff format --quiet

.PHONY: lock
lock: ## write the locks again from pyproject.toml (LOCK_ARGS=--upgrade for newer versions)
	@$(shell_functions)
	python=$$(find_python) || fail "no Python 3.11 or newer here"
	scratch=$$(mktemp -d)
	trap 'rm -rf "$$scratch"' EXIT
	say "uv $(UV_VERSION), for this once"
	"$$python" -m venv "$$scratch"
	"$$scratch/bin/python" -m pip install -qq --disable-pip-version-check uv==$(UV_VERSION)
	compile() {
	  say "$$1"
	  "$$scratch/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-annotate --custom-compile-command "make lock" --output-file "$$1" $(LOCK_ARGS) "$${@:2}"
	}
	compile requirements.lock pyproject.toml
	compile requirements-dev.lock --extra traces --group build --group dev --constraint requirements.lock pyproject.toml
	compile requirements-traces.lock --extra traces --constraint requirements-dev.lock pyproject.toml
	compile requirements-build.lock --group build --constraint requirements-dev.lock

.PHONY: clean
clean: ## remove what was built and what tools remember
	@rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One environment for everything, with nothing in it that the lock does not name by its hash.
# Not compiled: what is imported is compiled then, and most never is.
$(LOCKED): requirements-dev.lock
	@$(shell_functions)
	python=$$(find_python) || { install_packages python3-venv; python=$$(find_python); } \
	  || fail "no Python 3.11 or newer here: install one, and run make again"
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then
	  install_packages "$$("$$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
	fi
	say "building .venv with $$("$$python" --version)"
	rm -rf .venv
	"$$python" -m venv .venv
	$(PIP) install --no-compile --require-hashes --only-binary :all: --requirement requirements-dev.lock
	touch $@

# The project itself, in place; the build backend comes from the lock, so nothing is fetched.
$(READY): $(LOCKED) pyproject.toml
	@$(PIP) install --no-deps --no-build-isolation --editable .
	touch $@
