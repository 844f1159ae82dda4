# Each target sets up what it needs. `make help` lists them.
PROFILE ?= quick
DATA ?=
PHOTOS ?=
CORES ?= 0
PYTHON ?= python3
REPO ?=
BRANCH ?= main

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev

.DEFAULT_GOAL := help
.PHONY: help setup study test test-browser lab app docs badges clean reference lock

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(READY) ## install into .venv, pinned

study: $(READY) ## run the study to its report: make study [PROFILE=quick] [DATA=folder] [PHOTOS=photos.csv] [CORES=n]
	@sh tools/ensure_tex.sh
	@$(BIN)/facefair study --profile "$(PROFILE)" --data "$(DATA)" --photos "$(PHOTOS)" --cores "$(CORES)"

test: $(READY_DEV) ## run the whole test suite
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/nbstripout --verify --keep-id notebooks/*.ipynb notebooks/course/*.ipynb
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile

test-browser: $(READY_DEV) ## try JupyterLab, the app and a lesson in a real browser (Chromium)
	@sh tools/ensure_chromium.sh
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-browser.lock
	@$(BIN)/python -m pytest tests/browser -r s

lab: $(READY) ## open the notebooks in JupyterLab
	@$(BIN)/jupyter lab --notebook-dir=. notebooks

app: $(READY) ## explore a finished study in the browser: make app [PROFILE=quick]
	@$(BIN)/facefair app --profile "$(PROFILE)"

docs: $(READY) ## build the site of executed notebooks: make docs [PROFILE=quick]
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-docs.lock
	@$(BIN)/python tools/build_docs.py --profile "$(PROFILE)"

badges: $(READY) ## badges that open the notebooks in Binder and Colab: make badges REPO=owner/name [BRANCH=main]
	@$(BIN)/python tools/badges.py "$(REPO)" --branch "$(BRANCH)"

clean: $(READY) ## remove results: make clean [PROFILE=quick]
	@$(BIN)/facefair clean --profile "$(if $(filter file,$(origin PROFILE)),,$(PROFILE))"

reference: $(READY) ## keep a study's figures and small tables in git: make reference [PROFILE=models]
	@$(BIN)/facefair reference --profile "$(PROFILE)"

lock: $(READY_DEV) ## write the lock files from what is installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-docs.lock -r requirements-browser.lock
	@$(BIN)/python tools/lock.py

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(f"facefair needs Python 3.11 to 3.13, found {v[0]}.{v[1]}; name one: make PYTHON=python3.12 …" if not (3, 11) <= v <= (3, 13) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "▸ installing pinned packages into $(VENV) (a few minutes, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(READY_DEV): $(READY) requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.lock
	@touch $@
