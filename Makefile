# PainGenerator: `make demo` and `make test` are all that a newcomer needs; each sets up what it uses.

VENV := .venv
# Wheels of slicer-core exist for Python 3.10 to 3.13; the newest of the two that we test comes first.
PYTHON ?= $(shell for p in python3.12 python3.11 python3; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& { echo $$p; break; }; done)
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
JOBS ?= 2

# What PySide6 and VTK need to draw off screen: the tests of the panel run on them.
DRAWING := libglib2.0-0 libgl1 libegl1 libgl1-mesa-dri libxkbcommon0 libdbus-1-3 libfontconfig1 fonts-dejavu-core

# What the tests of the report's viewer run in.
BROWSER := chromium

# Other people's programs and servers that the tests of exchange and study use.
SERVERS := dicom3tools postgresql

.PHONY: demo test check lint wheel bench finding mutation setup clean

setup: $(STAMP)

$(STAMP): pyproject.toml
	@test -n "$(PYTHON)" || { echo "PainGenerator needs Python 3.11 or 3.12 with venv (Debian: apt install python3-venv)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

# As root these Debian packages are installed; elsewhere the tests of the panel and of the viewer are skipped, with the
# reason.
$(VENV)/.drawing: $(STAMP)
	@if ! $(BIN)/python -c 'import PySide6.QtUiTools, PySide6.QtWidgets' 2>/dev/null; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && apt-get install -y -qq --no-install-recommends $(DRAWING) >/dev/null; \
	  else echo "The tests of the panel need: apt install $(DRAWING)"; fi; fi
	@touch $@

$(VENV)/.browser: $(STAMP)
	@if ! command -v chromium >/dev/null; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && apt-get install -y -qq --no-install-recommends $(BROWSER) >/dev/null; \
	  else echo "The tests of the viewer in the report need: apt install $(BROWSER)"; fi; fi
	@touch $@

# The services that Debian would start at once are not needed: the tests start their own on loopback.
$(VENV)/.servers: $(STAMP)
	@if ! command -v dciodvfy >/dev/null || ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(SERVERS) >/dev/null; \
	  else echo "The tests of exchange and study need: apt install $(SERVERS)"; fi; fi
	@touch $@

demo: $(STAMP)
	$(BIN)/pain-generator demo --output demo-output --overwrite

check: $(STAMP) $(VENV)/.drawing $(VENV)/.browser $(VENV)/.servers lint
	$(BIN)/python -m pytest -n $(JOBS) -m "not slow"

lint: $(STAMP)
	$(BIN)/ruff check PainGenerator Testing
	$(BIN)/ruff format --check PainGenerator Testing
	$(BIN)/mypy

test: $(STAMP) $(VENV)/.drawing $(VENV)/.browser $(VENV)/.servers lint
	$(BIN)/python -m pytest -n $(JOBS) --cov --cov-report=term

# From a copy of what git knows: files that a former build left would end up in the wheel, too.
wheel: $(STAMP)
	rm -rf build/wheel && mkdir -p build/wheel && git ls-files -z | xargs -0 cp --parents -t build/wheel
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist build/wheel
	@ls dist

bench: $(STAMP)
	$(BIN)/python Testing/Benchmarks/bench.py

# Twenty cases of each group take about an hour on two cores, and the cases of real lumbar MR and the clinical phantoms
# another one; CACHE keeps phantoms, alignments and MR findings, outside
# of the project, so that only what a change touches is done again.
COUNT ?= 20
CACHE ?= $(or $(TMPDIR),/tmp)/paingenerator-phantoms
finding: $(STAMP)
	$(BIN)/python Testing/Benchmarks/finding.py --cache $(CACHE) --stage whole --seeds tune --count $(COUNT) \
	  --anatomy both --froc --real --plain --jobs $(JOBS) --json $(CACHE)/finding.json
	$(BIN)/python Testing/Benchmarks/finding.py --cache $(CACHE) --family real-spine --measure tissues --anatomy both
	$(BIN)/python Testing/Benchmarks/finding.py --cache $(CACHE) --family real-spine --stage fused --anatomy both
	$(BIN)/python Testing/Benchmarks/finding.py --cache $(CACHE) --realism clinical --stage fused --count 4 --anatomy both
	$(BIN)/python Testing/Benchmarks/finding_chart.py $(CACHE)/finding.json $(CACHE)/finding.svg

# How many small faults the tests of a room of Numerics catch; takes minutes to an hour (Testing/Mutation/MUTATION.md).
ROOM ?= suv
EVERY ?= 1
mutation: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[mutation]'
	OMP_NUM_THREADS=1 $(BIN)/python Testing/Mutation/mutate.py $(ROOM) --children $(JOBS) --every $(EVERY)

clean:
	rm -rf $(VENV) demo-output dist build/wheel
