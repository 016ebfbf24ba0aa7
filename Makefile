# Set-up and everyday jobs. Every target may be run again at any time.

PYTHON ?= python3
BIN := .venv/bin
SETUP := .venv/.set-up
PEERS := build/peers

.PHONY: demo test test-slow bench bench-peers lint clean

demo: $(SETUP)
	$(BIN)/amorph reproduce carbon --scale demo --out demo

test: $(SETUP)
	$(BIN)/python -m pytest

test-slow: $(SETUP)
	$(BIN)/python -m pytest -m slow

# Options go to the benchmark: make bench-peers BENCH=--full
bench: $(SETUP)
	$(BIN)/python benchmarks/diagrams.py $(BENCH)

bench-peers: $(PEERS)/.set-up
	$(PEERS)/bin/python benchmarks/diagrams.py $(BENCH)

lint: $(SETUP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf .venv build demo

# Made anew when the kernel or the dependencies change; Python code is used where it lies.
$(SETUP): pyproject.toml constraints.txt CMakeLists.txt $(wildcard src/kernel/*)
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt \
		--editable ".[generate,test,lint]"
	touch $@

# The peers of the benchmark, and amorphology without what its diagrams do not need (PyTorch).
$(PEERS)/.set-up: benchmarks/requirements-peers.txt constraints.txt pyproject.toml CMakeLists.txt \
		$(wildcard src/kernel/*)
	@printf '#include <CGAL/version.h>' | $(CXX) -xc++ -E - >/dev/null 2>&1 || { echo \
		"Diode needs CGAL's headers: apt-get install libcgal-dev, or brew install cgal"; exit 1; }
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --constraint constraints.txt \
		--requirement benchmarks/requirements-peers.txt
	$(PEERS)/bin/python -m pip install --quiet --no-deps \
		--config-settings=build-dir=build/peers-kernel --editable .
	touch $@
