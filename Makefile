# Everything runs in .venv, which `make setup` builds from the pinned, hashed requirements.
# Variables: PYTHON (interpreter to build .venv with), DEMO_SECONDS, NAME (benchmark), OUT (folder of the benchmarks'
# report), KILLS, ARGS (more arguments for pytest, the benchmarks or the crash test).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?=
DEMO_SECONDS ?= 60
NAME ?=
OUT ?= benchmarks/results
KILLS ?= 300
ARGS ?=
SOURCES := $(wildcard service simulator benchmarks tests)

# Compiled bytecode more than halves the start of every process, so an instruction not to write any is not passed on.
unexport PYTHONDONTWRITEBYTECODE
# These would send an installation elsewhere than into .venv, or ask a hash of the project itself.
unexport PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT PIP_NO_COMPILE PIP_REQUIRE_HASHES
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup demo test test-long lint format bench bench-quick crash-test lock clean

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: $(VENV)/.project ## Build .venv with all that is needed (again only after a change of requirements)

demo: setup ## Start the service, send it a simulated fleet and show what it learns (DEMO_SECONDS=60)
	@$(BIN)/hearthbeat demo --seconds $(DEMO_SECONDS)

test: lint ## Lint, then run all tests on all cores (ARGS="-k word" passes arguments to pytest)
	$(BIN)/python -m pytest $(ARGS)

test-long: setup ## Run the tests that take minutes, which `make test` leaves out
	$(BIN)/python -m pytest -m long -n 0 $(ARGS)

lint: setup ## Check style, format, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports

format: setup ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: setup ## Run all benchmarks in full, for hours, and make a report (ARGS=--resume goes on; NAME=fd001 runs one)
	@$(BIN)/hearthbeat bench $(or $(NAME),report --full --out $(OUT)) $(ARGS)

bench-quick: setup ## Run all benchmarks as briefly as shows that they work, and make a report
	@$(BIN)/hearthbeat bench report --quick --out $(OUT)/quick $(ARGS)

crash-test: setup ## Kill the service again and again under load and check what is left (KILLS=300, ARGS=--lockstep)
	@$(BIN)/hearthbeat crash-test --kills $(KILLS) $(ARGS)

lock: setup ## Compile requirements/*.txt anew (UPGRADE=1 takes newer versions)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/lock.txt
	$(LOCK) requirements/lock.in -o requirements/lock.txt
	$(LOCK) pyproject.toml --extra dev -o requirements/dev.txt
	$(LOCK) pyproject.toml --constraint requirements/dev.txt -o requirements/runtime.txt
	$(LOCK) requirements/build.in --constraint requirements/dev.txt -o requirements/build.txt

clean: ## Remove .venv, caches and build products; ./data stays
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +

# One file for all Pythons from 3.11 on and all platforms; it names versions and hashes, and no place to fetch from.
LOCK = $(BIN)/uv pip compile --quiet $(if $(UPGRADE),--upgrade) --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

$(VENV)/.project: $(VENV)/.requirements pyproject.toml
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

# --no-deps: the file is complete, so there is nothing to resolve.
$(VENV)/.requirements: requirements/dev.txt
	@$(MAKE_VENV)
	@echo "Installing requirements/dev.txt into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements/dev.txt
	@touch $@

# Looks for a Python of at least 3.11 that can make virtual environments. A command may exist and still not run (version
# managers leave such), so each candidate is tried. Debian keeps the venv module in a package of its own.
define MAKE_VENV
if $(BIN)/python -m pip --version >/dev/null 2>&1; then exit 0; fi; \
rm -rf $(VENV); \
found=; bare=; \
for candidate in $(or $(PYTHON),python3.13 python3.12 python3.11 python3); do \
	"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
	if "$$candidate" -c 'import ensurepip, venv' >/dev/null 2>&1; then found=$$candidate; break; fi; \
	bare=$${bare:-$$candidate}; \
done; \
if [ -z "$$found" ] && [ -n "$$bare" ]; then \
	package=$$("$$bare" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "$$bare lacks the venv module; installing $$package"; \
		{ apt-get install -y -qq "$$package" || { apt-get update -qq && apt-get install -y -qq "$$package"; }; } >/dev/null; \
		found=$$bare; \
	else \
		echo "$$bare lacks the venv module. On Debian or Ubuntu: sudo apt-get install $$package" >&2; exit 1; \
	fi; \
fi; \
if [ -z "$$found" ]; then \
	echo "Hearthbeat needs Python 3.11 or newer (tried: $(or $(PYTHON),python3.13 python3.12 python3.11 python3))." >&2; \
	echo "Install one, or name it: make setup PYTHON=/path/to/python3" >&2; exit 1; \
fi; \
echo "Making $(VENV) with $$("$$found" --version)"; \
"$$found" -m venv $(VENV)
endef
