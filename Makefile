# One word per need; `make` alone lists them. What a word needs first is made first.

PYTHON ?= python3
export PYTHON
BIN := .venv/bin
NEED := tests/tools/install-packages.sh
NPM := npm --prefix clients/web
PAGE := $(shell find clients/web -name node_modules -prune -o -name dist -prune -o -type f -print)

# Browsers on a busy machine miss a deadline now and then: what failed runs once more, and says so.
SECOND_CHANCE = { test $$? -eq 1 && echo "Once more, each in turn, what failed:" && \
  $(BIN)/pytest tests/e2e -p no:randomly --last-failed; }

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test test-long test-image check bench bench-sealing bench-crowd bench-visibility bench-inference clean check-python check-page test-page test-python test-browsers

help: ## list these words
	@sed -nE 's/^([a-z-]+):.* ## (.*)/make \1	\2/p' Makefile | expand -t 24

run: .make/page .make/python .make/engine ## a conference on this machine, ctrl-C ends it (LAN=1: for phones nearby too)
	@exec $(BIN)/python -m sfu serve $(if $(LAN),--lan)

test: test-page test-python test-browsers ## every test, real browsers included

test-long: test ## the same, then many more random inputs for every parser, further attacks, long calls, and the image
	@$(BIN)/pytest --hypothesis-profile=long
	@$(BIN)/pytest tests/e2e -p no:randomly -m long
	@$(BIN)/pytest tests/soak -p no:randomly
	@$(MAKE) --no-print-directory test-image

test-image: .make/python ## the Dockerfile's steps in clean root file systems (as root, minutes)
	@$(NEED) image
	@$(BIN)/python -m tests.tools.image

check: check-python check-page ## lint, types, architecture, spelling

bench: .make/python ## what a forwarded packet costs, beside what this machine must spend on it
	@$(BIN)/python -m benchmarks

bench-sealing: .make/python .make/page .make/browsers ## what sealing costs server, pages and Python, beside the same in clear
	@$(BIN)/python -m benchmarks.sealing

bench-crowd: .make/python .make/engine ## what a crowd costs a group: twelve, a hundred changes of keys, and fifty simulated
	@$(BIN)/python -m benchmarks.crowd

bench-visibility: .make/python ## what it costs to count what is seen, and to have a witness: instructions per packet
	@$(NEED) valgrind
	@$(BIN)/python -m benchmarks.visibility

bench-inference: .make/python .make/page .make/browsers ## what sizes and times alone tell of calls, and what hides it (as root, twenty minutes)
	@$(NEED) speech
	@$(BIN)/python -m benchmarks.inference

clean: ## remove what make made
	@rm -rf .make .venv build *.egg-info .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache tests/artifacts clients/web/dist clients/web/node_modules clients/python/sfu_clients/sealing/mls/engine.js

check-python: .make/python
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy --strict --no-error-summary
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python tests/tools/architecture_bar.py
	@git ls-files -z | xargs -0 $(BIN)/codespell

check-page: .make/node
	@$(NPM) run --silent check

test-page: .make/node
	@$(NPM) run --silent test

test-python: .make/python .make/engine
	@$(BIN)/pytest

test-browsers: .make/python .make/page .make/engine .make/browsers
	@$(BIN)/pytest tests/e2e -p no:randomly || $(SECOND_CHANCE)

.make/python: .make/venv requirements.lock pyproject.toml
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.make/venv:
	@$(NEED) python
	@$(PYTHON) -m venv --clear .venv
	@mkdir -p .make && touch $@

.make/node: clients/web/package-lock.json
	@$(NEED) node
	@$(NPM) ci --no-audit --no-fund --loglevel=error
	@mkdir -p .make && touch $@

.make/page: .make/node $(PAGE)
	@$(NPM) run --silent build
	@touch $@

# What Python clients run in V8 in calls with groups, and what their tests run there.
.make/engine: .make/node $(PAGE)
	@$(NPM) run --silent build:headless
	@touch $@

.make/browsers:
	@$(NEED) browsers
	@mkdir -p .make && touch $@
