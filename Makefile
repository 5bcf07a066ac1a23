# Everything runs in .venv, which is made on first use. `make demo` and `make test` are all a newcomer needs.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_SPARK := $(VENV)/.installed-spark
INSTALLED_BENCH := $(VENV)/.installed-bench
APPLICANTS ?= 60000

.PHONY: help demo install test test-all faults test-spark bench lint contract lock clean

help:            ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

install: $(INSTALLED)  ## make .venv with the exact versions of constraints.txt

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	$(BIN)/python -m pip check
	touch $@

demo: $(INSTALLED)  ## simulate 60,000 applicants and run the main job on them
	test -e data/raw/train_target.csv || $(BIN)/scorehouse simulate --applicants $(APPLICANTS) --out data/raw
	$(BIN)/scorehouse run

test: $(INSTALLED)  ## lint, then the fast tests
	$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -m 'not slow and not faults and not spark'

test-all: $(INSTALLED)  ## every test, the slow ones too
	$(BIN)/python -m pytest

faults: $(INSTALLED)  ## every row of the fault matrix, and its table in docs/reliability.md
	$(BIN)/python -m pytest -m 'fault and not spark' --junit-xml=build/faults.xml; \
	status=$$?; $(BIN)/python tests/faults/reliability_table.py build/faults.xml && exit $$status

test-spark: $(INSTALLED_SPARK)  ## the same project on Spark (Java 17) and on Sail, compared with DuckDB
	$(BIN)/python -m pytest -m spark

$(INSTALLED_SPARK): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,spark]'
	$(BIN)/python -m pip check
	touch $@

bench: $(INSTALLED_BENCH)  ## small benchmarks of features, training and scoring, into benchmarks/results
	$(BIN)/python benchmarks/features.py --applicants 30000 --runs 1
	$(BIN)/python benchmarks/training.py --applicants 30000 --runs 1
	test -e data/warehouse.duckdb || $(MAKE) --no-print-directory demo
	$(BIN)/python benchmarks/scoring.py

$(INSTALLED_BENCH): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,bench]'
	$(BIN)/python -m pip check
	touch $@

lint: $(INSTALLED)  ## style, types, import direction, SQL, spelling
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/sqlfluff lint dbt_project/models dbt_project/tests

contract: $(INSTALLED)  ## write the dbt contract from the data dictionary
	$(BIN)/python -m models_ml.contract_yaml

lock: $(INSTALLED)  ## write constraints.txt from what is installed
	$(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu//' > constraints.txt

clean:           ## remove what can be built again; never touches data/
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache dbt_project/target
