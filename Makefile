# Everything runs in .venv, which is created on first use. `make demo` and `make test` are all a newcomer needs.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || echo python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
SPARK_TESTS ?= spark
INSTALLED_SPARK := $(VENV)/.installed-spark
INSTALLED_BENCH := $(VENV)/.installed-bench
SUPPLY := .venv-supply
APPLICANTS ?= 60000

.PHONY: help demo install test test-all test-spark faults coverage bench bench-full sbom audit lint contract lock clean

help:            ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

install: $(INSTALLED)  ## create .venv with the exact versions of constraints.txt

$(INSTALLED): pyproject.toml setup.py constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	$(BIN)/python -m pip check
	touch $@

demo: $(INSTALLED)  ## simulate 60,000 applicants and run the main job on them
	test -e data/raw/train_target.csv || $(BIN)/scorehouse simulate --applicants $(APPLICANTS) --out data/raw
	$(BIN)/scorehouse run

test: $(INSTALLED)  ## lint, then run the fast tests
	$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -m 'not slow and not faults and not spark'

test-all: $(INSTALLED)  ## run all tests, including the slow ones
	$(BIN)/python -m pytest

test-spark: $(INSTALLED_SPARK)  ## run the project on Spark (needs Java 17) and on Sail and compare with DuckDB
	$(BIN)/python -m pytest -m "$(SPARK_TESTS)"

faults: $(INSTALLED)  ## trigger every failure of tests/faults/matrix.csv and update docs/operate/reliability.md
	$(BIN)/python -m pytest -m fault --junitxml=$(VENV)/faults.xml; failed=$$?; \
	$(BIN)/python tests/faults/reliability_table.py $(VENV)/faults.xml && exit $$failed

$(INSTALLED_SPARK): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,spark]'
	$(BIN)/python -m pip check
	touch $@

bench: $(INSTALLED_BENCH)  ## run small benchmarks; results go to benchmarks/results
	$(BIN)/python benchmarks/features.py --applicants 30000 --runs 1
	$(BIN)/python benchmarks/training.py --applicants 10000 --runs 1
	test -e data/warehouse.duckdb || $(MAKE) --no-print-directory demo
	$(BIN)/python benchmarks/scoring.py --rows 2000 --runs 1
	$(BIN)/python benchmarks/increment.py --applicants 30000 --artifacts data/artifacts
	$(BIN)/python benchmarks/service.py --seconds 5
	$(BIN)/python benchmarks/growth.py

bench-full: $(INSTALLED_BENCH)  ## run them with up to 3 million applicants; takes hours
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

sbom: $(INSTALLED) $(SUPPLY)/.installed  ## write sbom.json, a list of all installed packages (CycloneDX)
	$(SUPPLY)/bin/cyclonedx-py environment $(BIN)/python --output-file sbom.json

audit: $(SUPPLY)/.installed  ## look up known vulnerabilities of constraints.txt; an incomplete audit fails
	$(SUPPLY)/bin/pip-audit --strict --requirement constraints.txt --no-deps --disable-pip

# In an environment of their own, so that the list does not contain the tools that write it.
$(SUPPLY)/.installed:
	$(PYTHON) -m venv $(SUPPLY)
	$(SUPPLY)/bin/python -m pip install --quiet --disable-pip-version-check cyclonedx-bom==7.5.0 pip-audit==2.10.1
	touch $@

lint: $(INSTALLED)  ## every check of .pre-commit-config.yaml on every file that git knows
	$(BIN)/pre-commit run --all-files --hook-stage pre-push

coverage: $(INSTALLED)  ## which lines and branches the fast tests run, child processes included
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -m 'not slow and not faults and not spark'
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

contract: $(INSTALLED)  ## write the dbt contract from the data dictionary
	$(BIN)/python -m models_ml.warehouse.dbt_properties

# With all extras, or their versions would be lost.
lock: $(INSTALLED) $(INSTALLED_SPARK) $(INSTALLED_BENCH)  ## write the installed versions of all extras to constraints.txt
	$(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu//' > constraints.txt

clean:           ## remove everything that can be rebuilt; never touches data/
	rm -rf $(VENV) $(SUPPLY) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache dbt_project/target
