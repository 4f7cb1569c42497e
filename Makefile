# Commands of the project; `make help` lists them.
# the first interpreter that really is 3.11 or newer (a version manager's shim may only pretend)
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13; do $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV   ?= .venv
PERIOD ?= 2022Q2
# of `make torture`: kills, seed of every random choice, bound of the campaign, seconds of fuzzing per reader or parser
ROUNDS ?= 120
SEED ?= 7
MINUTES ?= 45
FUZZ_SECONDS ?= 45
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
READY_SPARK := $(VENV)/.ready-spark

.DEFAULT_GOAL := help
.PHONY: help install install-spark run test test-spark torture unit check lint format dev serve doctor samples dictionary lock clean

help:            ## list the commands
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed (PYTHON=/path/to/python3.11 make ...)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

install: $(READY) ## set up the virtual environment from the lock file

$(READY_SPARK): $(READY) requirements-spark.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-spark.lock
	@touch $@

install-spark: $(READY_SPARK) ## what `taizhang run --engine spark` needs beside: Java 17 (apt-get, where it is missing), PySpark, dbt-spark
	@.ci/java

run: $(READY)    ## the whole quarter on the bundled sample (PERIOD=2022Q2)
	$(BIN)/taizhang run --period $(PERIOD)

test: $(READY)   ## every test, on both cores: what needs the session warehouse beside the rest
	@mkdir -p var; $(BIN)/python -m pytest -m warehouse > var/test-warehouse.log 2>&1 & first=$$!; \
	$(BIN)/python -m pytest -m "not warehouse and not spark"; rest=$$?; \
	wait $$first; warehouse=$$?; cat var/test-warehouse.log; \
	test $$rest -eq 0 && test $$warehouse -eq 0

test-spark: install-spark ## the tier that compares Spark with DuckDB, table by table
	$(BIN)/python -m pytest tests/spark

torture: $(READY) ## killed, filled, fuzzed: the reliability campaign, an hour at most (ROUNDS, SEED, MINUTES; docs/reliability.md)
	$(BIN)/python -m tests.torture --rounds $(ROUNDS) --seed $(SEED) --minutes $(MINUTES)
	$(BIN)/python -m tests.fuzz.campaign --seconds $(FUZZ_SECONDS) --seed $(SEED) --out var/torture/fuzz
	$(BIN)/python -m tests.hostile.measure
	$(BIN)/python -m tests.hostile.poisoned

unit: $(READY)   ## the fast tier only
	$(BIN)/python -m pytest tests/unit

lint: $(READY)   ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

check: lint unit ## before every commit: lint and the fast tier

format: $(READY) ## let ruff put the code in shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

dev: $(READY)    ## Dagster's interface with schedules and sensors
	$(BIN)/taizhang dev

serve: $(READY)  ## the published site on localhost
	$(BIN)/taizhang serve

doctor: $(READY) ## what of this machine would spoil a run
	$(BIN)/taizhang doctor

samples: $(READY) ## write the bundled feeds anew (seeded, identical every time)
	$(BIN)/python -m tests.factories

dictionary: $(READY) ## write docs/data-dictionary.md from the dbt project
	$(BIN)/python -m orchestration.dictionary

lock:            ## write requirements.lock and requirements-spark.lock from pyproject.toml (needs a package index)
	rm -rf .lockenv && $(PYTHON) -m venv .lockenv
	.lockenv/bin/pip install --quiet "setuptools>=75" wheel ".[test,dev]"
	(echo "# Exact versions of one tested set; made by 'make lock'. No index addresses."; \
	 .lockenv/bin/pip freeze --all | grep "==" | grep -viE "^(taizhang|pip)==") > requirements.lock
	.lockenv/bin/pip install --quiet ".[test,dev,spark]"
	(echo "# What the extra spark adds to requirements.lock; made by 'make lock'. No index addresses."; \
	 .lockenv/bin/pip freeze --all | grep "==" | grep -viE "^(taizhang|pip)==" | grep -vxF -f requirements.lock) > requirements-spark.lock
	rm -rf .lockenv

clean:           ## remove the virtual environment and caches (results in var/ stay)
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache .hypothesis
