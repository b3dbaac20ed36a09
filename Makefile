# Footnote. The two commands that matter: `make run` and `make test`.

PYTHON ?= python3
PORT ?= 8501
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
STAMPS := $(VENV)/.stamps

.DEFAULT_GOAL := help
.PHONY: help run test check format lint types quality bench durability lock wheel clean

help:  ## Show the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

run: $(STAMPS)/run  ## Set everything up and serve the chat page with the handbook in it
	@$(BIN)/footnote demo --port $(PORT)

test: $(STAMPS)/test $(STAMPS)/browser lint types  ## Set everything up and pass all tests
	$(BIN)/python -m pytest

check: $(STAMPS)/test lint types  ## The quick part of the tests
	$(BIN)/python -m pytest -m "not slow and not browser"

lint: $(STAMPS)/test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(STAMPS)/test
	$(BIN)/mypy

format: $(STAMPS)/test  ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

quality: $(STAMPS)/test  ## Measure retrieval and answers on the development data
	$(BIN)/python -m benchmarks.quality

bench: $(STAMPS)/test  ## Measure speed and memory
	$(BIN)/python -m benchmarks.speed

durability: $(STAMPS)/test  ## Kill the program 200 times while it adds documents, and count losses
	$(BIN)/python tests/durability/kill_while_adding.py --kills 200

lock: $(STAMPS)/test  ## Pin every requirement for every platform, with hashes
	$(PIP) install -q uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--extra ui --group build pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--extra ui --extra dev --group build -c requirements.lock pyproject.toml -o requirements-dev.lock

wheel: $(STAMPS)/test  ## Build the wheel
	$(BIN)/python -m build -q --wheel --no-isolation

clean:  ## Remove what was built; your documents are elsewhere and stay
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Footnote needs Python 3.11 or newer; $(PYTHON) is older. Try: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "No virtual environment could be made. On Debian or Ubuntu: apt install python3-venv"; exit 1; }

$(STAMPS)/run: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing Footnote into $(VENV) (about two minutes, once)."
	@$(PIP) install -q --require-hashes -r requirements.lock
	@$(PIP) install -q --no-deps --no-build-isolation -e .
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/test: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing Footnote and its tests' tools into $(VENV) (about two minutes, once)."
	@$(PIP) install -q --require-hashes -r requirements-dev.lock
	@$(PIP) install -q --no-deps --no-build-isolation -e .
	@mkdir -p $(STAMPS) && touch $@ $(STAMPS)/run

$(STAMPS)/browser: $(STAMPS)/test
	@$(BIN)/python scripts/install_browser.py
	@touch $@
