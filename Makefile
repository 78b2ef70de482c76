# PainGenerator: `make demo` and `make test` are all that a newcomer needs; each sets up what it uses.

VENV := .venv
# Wheels of slicer-core exist for Python 3.10 to 3.13; the newest of the two that we test comes first.
PYTHON ?= $(shell for p in python3.12 python3.11 python3; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& { echo $$p; break; }; done)
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
JOBS ?= 2

.PHONY: demo test check lint bench setup clean

setup: $(STAMP)

$(STAMP): pyproject.toml
	@test -n "$(PYTHON)" || { echo "PainGenerator needs Python 3.11 or 3.12 with venv (Debian: apt install python3-venv)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

demo: $(STAMP)
	$(BIN)/pain-generator demo --output demo-output --overwrite

check: $(STAMP) lint
	$(BIN)/python -m pytest -n $(JOBS) -m "not slow"

lint: $(STAMP)
	$(BIN)/ruff check PainGenerator Testing
	$(BIN)/ruff format --check PainGenerator Testing

test: $(STAMP) lint
	$(BIN)/python -m pytest -n $(JOBS) --cov --cov-report=term

bench: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,bench]'
	$(BIN)/python Testing/Benchmarks/bench.py

clean:
	rm -rf $(VENV) demo-output
