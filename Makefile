# Set-up and everyday jobs. Every target may be run again at any time.

PYTHON ?= python3
BIN := .venv/bin
PEERS := build/peers

# An editable installation keeps a list of the modules: with other modules it is made anew.
MODULES := $(shell find src/amorphology -name '*.py' | LC_ALL=C sort | cksum | cut -d ' ' -f 1)
SETUP := .venv/.set-up-$(MODULES)
PEERS_SETUP := $(PEERS)/.set-up-$(MODULES)

CMAKE = $(or $(wildcard $(BIN)/cmake),cmake)
SANITIZED := build/sanitized

.PHONY: demo test test-slow test-exact test-sanitize docs figures bench bench-peers lint \
	viewer-libraries clean

demo: $(SETUP)
	$(BIN)/amorph reproduce carbon --scale demo --out demo

test: $(SETUP)
	$(BIN)/python -m pytest

test-slow: $(SETUP)
	$(BIN)/python -m pytest -m slow

# The kernel's predicates against Python's integers, and the kernel without its filters.
test-exact: $(SETUP)
	$(BIN)/python -m pytest -m slow tests/homology/test_exactness.py

# The fuzz on a kernel with AddressSanitizer and UndefinedBehaviorSanitizer. Python itself has
# neither: their runtimes are loaded before it, its memory comes from malloc so that overruns are
# seen, and leaks, which are its own, are not looked for.
test-sanitize: $(SETUP)
	$(CMAKE) -S . -B $(SANITIZED) -DCMAKE_BUILD_TYPE=Release \
		-DCMAKE_CXX_FLAGS="-fsanitize=address,undefined,float-cast-overflow -fno-sanitize=vptr \
		-fno-sanitize-recover=all -fno-omit-frame-pointer -g1 -D_GLIBCXX_ASSERTIONS" \
		-DPython_EXECUTABLE=$(CURDIR)/$(BIN)/python \
		-Dnanobind_DIR=$$($(BIN)/python -c 'import nanobind; print(nanobind.cmake_dir())')
	$(CMAKE) --build $(SANITIZED) --parallel --target _kernel
	LD_PRELOAD="$$($(CXX) -print-file-name=libasan.so) $$($(CXX) -print-file-name=libubsan.so)" \
		ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 \
		UBSAN_OPTIONS=print_stacktrace=1:abort_on_error=1 PYTHONMALLOC=malloc \
		AMORPHOLOGY_KERNEL=$$(echo $(SANITIZED)/_kernel.*.so) \
		$(BIN)/python -m pytest tests/homology/test_fuzz.py tests/homology/test_peer_failures.py

# The site is build/docs/index.html. A warning is an error; nothing is fetched from the network.
docs: $(SETUP)
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet --doctree-dir build/doctrees docs build/docs

# The pictures of its pages, drawn again.
figures: $(SETUP)
	$(BIN)/python docs/figures/draw.py

# Options go to the benchmark of diagrams: make bench-peers BENCH=--full
bench: $(SETUP)
	$(BIN)/python benchmarks/diagrams.py $(BENCH)
	$(BIN)/python benchmarks/persistence_images.py
	$(BIN)/python benchmarks/training.py

bench-peers: $(PEERS_SETUP)
	$(PEERS)/bin/python benchmarks/diagrams.py $(BENCH)
	$(PEERS)/bin/python benchmarks/persistence_images.py
	$(PEERS)/bin/python benchmarks/rings.py

lint: $(SETUP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The viewer's JavaScript libraries anew, as package-lock.json says; needs node and npm.
viewer-libraries:
	cd src/amorphology/viewer/web && npm ci --ignore-scripts && npm run build && rm -rf node_modules

clean:
	rm -rf .venv build demo

# Made anew when the kernel or the dependencies change; Python code is used where it lies.
$(SETUP): pyproject.toml constraints.txt CMakeLists.txt $(wildcard src/kernel/*)
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt \
		--editable ".[docs,generate,test,lint]"
	rm -f .venv/.set-up*
	touch $@

# The peers of the benchmark, and amorphology without what its diagrams do not need (PyTorch).
$(PEERS_SETUP): benchmarks/requirements-peers.txt constraints.txt pyproject.toml CMakeLists.txt \
		$(wildcard src/kernel/*)
	@printf '#include <CGAL/version.h>' | $(CXX) -xc++ -E - >/dev/null 2>&1 || { echo \
		"Diode needs CGAL's headers: apt-get install libcgal-dev, or brew install cgal"; exit 1; }
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --constraint constraints.txt \
		--requirement benchmarks/requirements-peers.txt
	$(PEERS)/bin/python -m pip install --quiet --no-deps \
		--config-settings=build-dir=build/peers-kernel --editable .
	rm -f $(PEERS)/.set-up*
	touch $@
