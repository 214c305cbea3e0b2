# The two commands a newcomer needs: `make run` and `make test`. Everything else is in `make help`.

# The first Python on PATH that is new enough; bootstrap.py says it in words when there is none.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && exit; done; echo python3)
VENV := .venv/bin
UV_COMPILE := uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --universal --python-version 3.11

.PHONY: help run test lint lock format bench bench-reads conformance bootstrap bootstrap-dev
.DEFAULT_GOAL := help

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: bootstrap ## Start everything: databases, operator simulator, API, worker, scheduler (SIMS=5000 PORT=8000)
	@$(VENV)/python manage.py up

test: lint ## Lint, types, import rules, then every test on databases of its own (TESTS_AT_ONCE=2)
	@$(VENV)/python -m pytest -n $(or $(TESTS_AT_ONCE),2) --dist loadfile

lint: bootstrap-dev ## Lint, types and import rules only
	@$(VENV)/python -m ruff check .
	@$(VENV)/python -m ruff format --check .
	@$(VENV)/python -m mypy
	@$(VENV)/lint-imports --no-logo

format: bootstrap-dev ## Let ruff rewrite the code
	@$(VENV)/python -m ruff check --fix .
	@$(VENV)/python -m ruff format .

bench: bootstrap-dev ## Measure what docs/performance.md reports
	@$(VENV)/python -m benchmarks

bench-reads: bootstrap-dev ## Measure reads beside a hand-written floor and other GraphQL servers (SIMS=1000000 SECONDS=7)
	@if command -v npm >/dev/null; then cd benchmarks/reads/node && npm ci --silent; \
	else echo "npm is not there: only the Python servers are compared."; fi
	@$(VENV)/python -m benchmarks.reads --sims $(or $(SIMS),1000000) --seconds $(or $(SECONDS),7)

conformance: bootstrap-dev ## Other people's suites: graphql-http, graphql-ws, graphql-sse, schemathesis (needs node)
	@if command -v npm >/dev/null; then cd tests/conformance && npm ci --silent; fi
	@$(VENV)/python -m tests.conformance

lock: ## Write requirements.lock and requirements-dev.lock anew (needs uv)
	@command -v uv >/dev/null || { echo "uv writes the lock files: install it first (pip install uv)"; exit 1; }
	@$(UV_COMPILE) requirements.in -o requirements.lock
	@$(UV_COMPILE) requirements-dev.in -o requirements-dev.lock

bootstrap:
	@$(PYTHON) bootstrap.py requirements.lock

bootstrap-dev:
	@$(PYTHON) bootstrap.py requirements-dev.lock
