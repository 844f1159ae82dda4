# Each target sets up what it needs. `make help` lists them.
PROFILE ?= quick
DATA ?=
PHOTOS ?=
CORES ?= 0
EXECUTOR ?= local
PYTHON ?= python3
REPO ?=
BRANCH ?= main

# What is typed reaches the recipes through the environment, letter by letter: neither make nor a shell reads it.
CHOSEN := $(if $(filter file,$(origin PROFILE)),,$(value PROFILE))
override PROFILE := $(value PROFILE)
override DATA := $(value DATA)
override PHOTOS := $(value PHOTOS)
override CORES := $(value CORES)
override EXECUTOR := $(value EXECUTOR)
override PYTHON := $(value PYTHON)
override REPO := $(value REPO)
override BRANCH := $(value BRANCH)
export CHOSEN PROFILE DATA PHOTOS CORES EXECUTOR PYTHON REPO BRANCH
# Packages and home of another Python.
unexport PYTHONPATH PYTHONHOME

VENV := .venv
# Its programs are started as modules: their own first line cannot name a folder with every letter that a path may have.
PY := $(VENV)/bin/python
FACEFAIR := $(PY) -m facefair_lib
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
CLUSTER := $(PY) -m pip install --quiet --disable-pip-version-check --requirement requirements-cluster.lock

.DEFAULT_GOAL := help
.PHONY: help setup study test test-fast test-browser test-cluster bench lab app docs badges clean reference slides lock

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(READY) ## install into .venv, pinned

study: $(READY) ## run the study to its report: make study [PROFILE=quick] [DATA=folder] [PHOTOS=photos.csv] [CORES=n] [EXECUTOR=slurm]
	@sh tools/ensure_tex.sh
	@test "$$EXECUTOR" = local || $(CLUSTER)
	@$(FACEFAIR) study --profile="$$PROFILE" --data="$$DATA" --photos="$$PHOTOS" --cores="$$CORES" --executor="$$EXECUTOR"

test: $(READY_DEV) ## run all tests that need no browser and no cluster
	@$(PY) -m ruff check . && $(PY) -m ruff format --check .
	@$(PY) -m nbstripout --verify --keep-id notebooks/*.ipynb notebooks/course/*.ipynb
	@$(PY) -m pytest --numprocesses auto --dist loadfile

test-fast: $(READY_DEV) ## run the tests that answer within a minute
	@$(PY) -m ruff check .
	@$(PY) -m pytest -m "not slow" --numprocesses auto --dist loadfile

test-browser: $(READY_DEV) ## try JupyterLab, the app and a lesson in a real browser (Chromium)
	@sh tools/ensure_chromium.sh
	@$(PY) -m pip install --quiet --disable-pip-version-check --requirement requirements-browser.lock
	@$(PY) -m pytest tests/browser -r s

test-cluster: $(READY_DEV) ## run the study on a Slurm of two nodes, started here for the test
	@sh tools/ensure_slurm.sh
	@$(CLUSTER)
	@$(PY) -m pytest tests/cluster -r s

bench: $(READY_DEV) ## time training, rendering, resampling, data, starts and parsing, against other ways where there are any
	@OMP_NUM_THREADS=1 $(PY) benchmarks/training.py --networks light_deeplabv3 light_pspnet --rounds 3 --steps 6
	@$(PY) benchmarks/render.py --heads 6 --sizes 128
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(PY) benchmarks/fairness.py --images 2000 --replicates 500
	@OMP_NUM_THREADS=1 $(PY) benchmarks/data.py --hashes 16557 --pictures 20 --side 256
	@OMP_NUM_THREADS=1 $(PY) benchmarks/start.py --repeats 1
	@$(PY) benchmarks/parse.py --scenes 1 --people 2

lab: $(READY) ## open the notebooks in JupyterLab
	@$(FACEFAIR) lab

app: $(READY) ## explore in the browser, without a study or with one's own networks: make app [PROFILE=quick]
	@$(FACEFAIR) app --profile="$$CHOSEN"

docs: $(READY) ## build the site of executed notebooks: make docs [PROFILE=quick]
	@$(PY) -m pip install --quiet --disable-pip-version-check --requirement requirements-docs.lock
	@$(PY) tools/build_docs.py --profile="$$PROFILE"

slides: $(READY) ## the lessons as slides with their figures, in slides/
	@$(PY) -m nbconvert --to slides --output-dir slides --execute \
		--ExecutePreprocessor.kernel_manager_class=facefair_lib.study.jupyter_kernel.LocalKernelManager \
		--SlidesExporter.reveal_scroll=True --SlidesExporter.reveal_width=1200 --SlidesExporter.reveal_height=800 \
		notebooks/course/*.ipynb

badges: $(READY) ## badges that open the notebooks in Binder and Colab: make badges REPO=owner/name [BRANCH=main]
	@$(PY) tools/badges.py --branch="$$BRANCH" -- "$$REPO"

clean: $(READY) ## remove results: make clean [PROFILE=quick]
	@$(FACEFAIR) clean --profile="$$CHOSEN"

reference: $(READY) ## keep a study's figures and small tables in git: make reference [PROFILE=reference]
	@$(FACEFAIR) reference --profile="$${CHOSEN:-reference}"

lock: $(READY_DEV) ## write the lock files from what is installed
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-docs.lock -r requirements-browser.lock -r requirements-cluster.lock
	@$(PY) tools/lock.py

$(READY): requirements.lock requirements-hashes.lock pyproject.toml
	@"$$PYTHON" -c 'import sys; v = sys.version_info[:2]; sys.exit(f"facefair needs Python 3.11 to 3.13, found {v[0]}.{v[1]}; name one: make PYTHON=python3.12 …" if not (3, 11) <= v <= (3, 13) else 0)'
	@test -x $(PY) || "$$PYTHON" -m venv $(VENV)
	@echo "▸ installing pinned packages into $(VENV) (a few minutes, once)"
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements-hashes.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(READY_DEV): $(READY) requirements-dev.lock requirements-onnx.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock -r requirements-onnx.lock
	@touch $@
