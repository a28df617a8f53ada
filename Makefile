# Targets: setup run test check bench lock clean. `run` and `test` set themselves up.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# Every package is pinned by hash; nothing else is installed.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --require-hashes --no-deps
COMPILE := uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11 --quiet

.PHONY: setup setup-dev run test check bench lock clean
setup: $(VENV)/.installed
setup-dev: $(VENV)/.installed-dev

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt pyproject.toml | $(BIN)/python
	$(PIP) -r requirements.txt
	$(BIN)/python -m pip --disable-pip-version-check --quiet install --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(PIP) -r requirements-dev.txt
	touch $@

run: setup
	$(BIN)/syndication run

test: setup-dev
	sh tests/prepare.sh
	$(BIN)/python -m pytest -n 2 --dist loadgroup

check: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup-dev
	sh benchmarks/all.sh

# For maintainers: needs `uv` on the PATH.
lock:
	$(COMPILE) --extra build -o requirements.txt
	$(COMPILE) --extra build --extra dev -o requirements-dev.txt

clean:
	rm -rf $(VENV) var build dist
