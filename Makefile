# Two commands for a newcomer: `make bench` and `make test`. Both make .venv first.
PYTHON ?= python3
# more extras for the tests, such as EXTRAS=,baselines,accuracy; what is not installed is skipped, with the reason
EXTRAS ?=
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable

# as many processes as there are cores; most files stay in one of them, so that what their tests share is made once
BESIDE := --numprocesses=auto --dist=worksteal

# tests whose outcome can depend on the CPU's instructions: how threads share the work does not
OF_THE_CPU := -k 'not thread' tests/kernels tests/hotloop tests/contenders/test_products.py \
  tests/contenders/test_network.py tests/launch/test_modelled.py tests/accuracy/test_engine.py \
  $(addprefix --ignore=tests/kernels/test_,cuda_gemm.py tensor_cores.py jit.py hostile.py)

# tests that use every library that the suite stands on, and one tile of each kernel
SMOKE := tests/cli/test_end_to_end.py tests/cli/test_saved.py tests/cli/test_convert.py tests/cli/test_usage_errors.py \
  tests/figures/test_figure_speedup.py tests/report/test_report.py \
  tests/kernels/test_products.py::test_every_pair_of_values_is_multiplied_right_by_vectors
RESOLUTION_oldest := lowest-direct
RESOLUTION_newest := highest

.PHONY: bench bench-layers trust test test-all test-levels oldest newest fuzz lint docs benchmarks wheel clean
.DELETE_ON_ERROR:

bench: .venv/bench  ## time every precision on ResNet-18's layers, print the table, draw the figure
	$(BIN)/fatnn-bench run --platform native
	$(BIN)/fatnn-bench plot results/native

trust: .venv/bench  ## run the suite against itself: do intervals hold, are equals called equal, slow-downs found?
	$(BIN)/fatnn-bench trust -o results/trust.json

bench-layers: .venv/layers  ## time kernels, layers and fused layers, with other libraries' beside them; print the targets
	folder=results/layers/$$(date -u +%Y%m%dT%H%M%SZ); \
	for scope in kernel layer packed; do \
	  $(BIN)/fatnn-bench run --platform native --layer 'conv?_x' --scope $$scope -o $$folder/$$scope.jsonl || exit; \
	done; \
	$(BIN)/fatnn-bench targets $$folder/kernel.jsonl $$folder/layer.jsonl $$folder/packed.jsonl

test: .venv/test  ## run the tests: first those that run alone, then the others on all cores
	$(BIN)/python -m pytest -m 'alone and not campaign'
	$(BIN)/python -m pytest -m 'not alone and not campaign' $(BESIDE)

test-all: .venv/test  ## run all tests, with the campaigns that a newcomer does not wait for
	$(BIN)/python -m pytest -m alone
	$(BIN)/python -m pytest -m 'not alone' $(BESIDE)

test-levels: test-x86-64-v2 test-x86-64-v3  ## run what depends on the CPU as older ones would; with -j2 both at once

test-x86-64-%: .venv/test
	NUMBA_CPU_NAME=x86-64-$* NUMBA_CPU_FEATURES= $(BIN)/python -m pytest $(OF_THE_CPU)

MUTANTS ?= 10000
fuzz: .venv/test  ## mutants of every kind of file: each is taken, or refused in one sentence
	PYTHONPATH=tests/support $(BIN)/python -m fuzzing --mutants $(MUTANTS)

oldest newest: .venv/test  ## a smoke test with the oldest or newest versions that pyproject.toml allows, without PyTorch
	echo torch >.venv/without
	$(BIN)/uv venv --quiet --clear --seed .venv/$@
	$(BIN)/uv pip install --quiet --python .venv/$@ --resolution $(RESOLUTION_$@) --excludes .venv/without \
	  --editable '.[test,baselines,accuracy,cluster,parquet]'
	.venv/$@/bin/python -m pytest -W default $(SMOKE)

lint: .venv/dev  ## style, types, and which package may import which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: .venv/docs  ## build the site of docs/ and of the docstrings; a warning is an error
	$(BIN)/python -m sphinx -q -W --keep-going -E -b html docs docs/_build
	@echo "open docs/_build/index.html"

benchmarks: .venv/test  ## time the kernels with pytest-benchmark
	$(BIN)/python -m pytest tests/benchmarks --benchmark-only

wheel: .venv/dev  ## build the sdist and the wheel
	$(BIN)/python -m build --outdir dist

clean:  ## remove what make has made
	rm -rf .venv dist docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/created:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "fatnn-bench needs Python 3.11 or newer, this is " + sys.version + "; try make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	touch $@

.venv/bench: .venv/created pyproject.toml constraints.txt
	$(INSTALL) .
	touch $@

.venv/layers: .venv/created pyproject.toml constraints.txt
	$(INSTALL) '.[baselines]'
	touch $@

.venv/test: .venv/created pyproject.toml constraints.txt
	$(INSTALL) '.[test$(EXTRAS)]'
	touch $@

.venv/dev: .venv/created pyproject.toml constraints.txt
	$(INSTALL) '.[test,dev$(EXTRAS)]'
	touch $@

.venv/docs: .venv/created pyproject.toml constraints.txt
	$(INSTALL) '.[docs$(EXTRAS)]'
	touch $@
