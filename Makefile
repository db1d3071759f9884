# Every target sets up what it needs. `make help` lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup lock audit demo up test test-nights test-fast chaos mutation lint format bench clean

export UV_PYTHON_DOWNLOADS := never
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## build .venv from the hashed lock file

$(READY): requirements.lock pyproject.toml
	@sh .ci/setup $(VENV)
	@touch $@

lock: ## resolve requirements.lock anew from pyproject.toml; UPGRADE="name ..." for newer versions of these packages
	@uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --extra cluster --group dev $(UPGRADE:%=-P %) pyproject.toml -o requirements.lock

audit: $(READY) ## known vulnerabilities of the pinned packages; ends with 3 where no advisory database can be reached
	@$(BIN)/python -m local.audit

demo: $(READY) ## one night reconciled end to end, then the verdict
	@$(BIN)/python -m local demo

up: $(READY) ## Airflow's own UI with the twin behind it; Ctrl-C stops all of it
	@$(BIN)/python -m local up

test: $(READY) ## the tests, but for whole nights under a scheduler or a killer
	@$(BIN)/python -m pytest -m "not nights" -n 2 --dist loadgroup

test-nights: $(READY) ## whole nights: schedulers, tasks and databases killed, months of trouble
	@$(BIN)/python -m pytest -m nights -n 2 --dist loadgroup

test-fast: $(READY) ## the inner loop: the product without Airflow, about a minute
	@$(BIN)/python -m pytest -m "not slow and not nights" -n 2 --ignore=tests/sandbox

lint: $(READY) ## lint, format and type checks, compose file and Dockerfile
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yaml
	@$(BIN)/hadolint Dockerfile

chaos: $(READY) ## fifty nights under every trouble, three that kill Airflow; SEED=n NIGHT=n ONLY=nights|airflow
	@$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(NIGHT),--night $(NIGHT)) $(if $(ONLY),--only $(ONLY))

bench: $(READY) ## figures beside their limits and targets; ONLY=name for one (wire extraction report pages local_path parse)
	@$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY))

format: $(READY) ## format and mend what can be mended
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean: ## remove what runs have written (keeps .venv)
	@rm -rf var
