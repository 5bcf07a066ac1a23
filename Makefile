# Everything runs in .venv, which is made on first use. `make demo` and `make test` are all a newcomer needs.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
SPARK_TESTS ?= spark
INSTALLED_SPARK := $(VENV)/.installed-spark
INSTALLED_BENCH := $(VENV)/.installed-bench
SUPPLY := .venv-supply
APPLICANTS ?= 60000

.PHONY: help demo install test test-all test-spark faults bench bench-full sbom audit lint contract lock clean

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

test-spark: $(INSTALLED_SPARK)  ## the same project on Spark (Java 17) and on Sail, compared with DuckDB
	$(BIN)/python -m pytest -m "$(SPARK_TESTS)"

faults: $(INSTALLED)  ## causes every fault of tests/faults/matrix.csv and writes the table of docs/operate/reliability.md
	$(BIN)/python -m pytest -m fault --junitxml=$(VENV)/faults.xml; failed=$$?; \
	$(BIN)/python tests/faults/reliability_table.py $(VENV)/faults.xml && exit $$failed

$(INSTALLED_SPARK): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,spark]'
	$(BIN)/python -m pip check
	touch $@

bench: $(INSTALLED_BENCH)  ## small benchmarks side by side, into benchmarks/results
	$(BIN)/python benchmarks/features.py --applicants 30000 --runs 1
	$(BIN)/python benchmarks/training.py --applicants 10000 --runs 1
	test -e data/warehouse.duckdb || $(MAKE) --no-print-directory demo
	$(BIN)/python benchmarks/scoring.py --rows 2000 --runs 1
	$(BIN)/python benchmarks/increment.py --applicants 30000 --artifacts data/artifacts
	$(BIN)/python benchmarks/service.py --seconds 5
	$(BIN)/python benchmarks/growth.py

bench-full: $(INSTALLED_BENCH)  ## the same up to 3 million applicants: hours
	$(BIN)/python benchmarks/features.py --applicants 30000 300000 3000000 --runs 3
	$(BIN)/python benchmarks/training.py --applicants 30000 300000 --runs 3
	test -e data/warehouse.duckdb || $(MAKE) --no-print-directory demo
	$(BIN)/python benchmarks/scoring.py
	for n in 30000 300000 3000000; do $(BIN)/python benchmarks/increment.py --applicants $$n --artifacts data/artifacts; done
	$(BIN)/python benchmarks/service.py
	$(BIN)/python benchmarks/growth.py

$(INSTALLED_BENCH): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,bench]'
	$(BIN)/python -m pip check
	touch $@

sbom: $(INSTALLED) $(SUPPLY)/.installed  ## list everything that is installed as sbom.json (CycloneDX)
	$(SUPPLY)/bin/cyclonedx-py environment $(BIN)/python --output-file sbom.json

audit: $(SUPPLY)/.installed  ## known vulnerabilities of constraints.txt; fails when one cannot be looked up
	$(SUPPLY)/bin/pip-audit --strict --requirement constraints.txt --no-deps --disable-pip

# In a folder of their own, so that the list does not name the tools that make it.
$(SUPPLY)/.installed:
	$(PYTHON) -m venv $(SUPPLY)
	$(SUPPLY)/bin/python -m pip install --quiet --disable-pip-version-check cyclonedx-bom==7.5.0 pip-audit==2.10.1
	touch $@

lint: $(INSTALLED)  ## style, types, import direction, SQL, spelling
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/vulture
	$(BIN)/sqlfluff lint dbt_project/models dbt_project/tests

contract: $(INSTALLED)  ## write the dbt contract from the data dictionary
	$(BIN)/python -m models_ml.warehouse.dbt_properties

lock: $(INSTALLED)  ## write constraints.txt from what is installed
	$(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu//' > constraints.txt

clean:           ## remove what can be built again; never touches data/
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache dbt_project/target
