# Two commands matter: `make demo` shows the product, `make test` proves it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8080
CLIENTS := tests/sandbox/clients/bitrix24_js

.PHONY: install install-dev demo demo-reset fmt check test coverage protocol widget amocrm-widget migrate bench

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

$(VENV)/.installed-dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	$(BIN)/python -m tests.node $(BIN)
	touch $(VENV)/.installed $@

demo: install
	@$(BIN)/dozvon demo --port $(PORT)

demo-reset:
	rm -rf var/demo var/demo-asterisk

fmt: install-dev
	$(BIN)/ruff format backend protocol tests
	$(BIN)/ruff check --fix backend protocol tests

check: install-dev widget/node_modules/.installed
	$(BIN)/ruff format --check backend protocol tests
	$(BIN)/ruff check backend protocol tests
	$(BIN)/mypy protocol backend tests
	$(BIN)/lint-imports
	$(BIN)/python -m tests.checks
	cd widget && PATH="$(abspath $(BIN)):$$PATH" npm run --silent check

test: install-dev widget/node_modules/.installed $(CLIENTS)/node_modules/.installed
	tests/setup
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m tests.run

coverage: install-dev
	$(BIN)/python -m pytest --cov --cov-report=term-missing:skip-covered

protocol: install-dev
	$(BIN)/python -m protocol.generate
	$(BIN)/python -m backend.api.settings_types

widget/node_modules/.installed: widget/package-lock.json | $(VENV)/.installed-dev
	cd widget && PATH="$(abspath $(BIN)):$$PATH" npm ci --no-audit --no-fund --loglevel=error
	touch $@

$(CLIENTS)/node_modules/.installed: $(CLIENTS)/package-lock.json | $(VENV)/.installed-dev
	cd $(CLIENTS) && PATH="$(abspath $(BIN)):$$PATH" npm ci --no-audit --no-fund --loglevel=error
	touch $@

widget: install-dev widget/node_modules/.installed
	cd widget && PATH="$(abspath $(BIN)):$$PATH" npm run --silent build

amocrm-widget: install
	$(BIN)/python -m backend.connectors.crm.amocrm.package

migrate: install
	$(BIN)/dozvon release

bench: install-dev
	$(BIN)/python -m tests.bench
