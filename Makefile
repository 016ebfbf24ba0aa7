# Set-up and everyday jobs. Every target may be run again at any time.

PYTHON ?= python3
BIN := .venv/bin
SETUP := .venv/.set-up

.PHONY: demo test test-slow bench lint clean

demo: $(SETUP)
	$(BIN)/amorph reproduce carbon --scale demo --out demo

test: $(SETUP)
	$(BIN)/python -m pytest

test-slow: $(SETUP)
	$(BIN)/python -m pytest -m slow

bench: $(SETUP)
	$(BIN)/python benchmarks/diagrams.py --json build/benchmarks/diagrams.json

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
