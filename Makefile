# `make lab` and `make test` are all a newcomer needs; `make help` lists the rest.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PORT   ?= 8888
# MLflow's own default, 5000, is taken on macOS (AirPlay).
UI_PORT ?= 5001
LAB_ARGS ?=
# --quick: small sizes; --only NAME.
BENCH_ARGS ?=
# Processes that share the tests, a file at a time; the campaigns run in one.
WORKERS ?= 2
ROOT_OK := $(shell [ "$$(id -u)" = 0 ] && echo --allow-root)
FIRST  := notebooks/01_quickstart.ipynb

# Idle OpenMP threads must sleep, not spin: set before torch is imported.
export OMP_WAIT_POLICY := PASSIVE
export TOKENIZERS_PARALLELISM := false
export MLFLOW_DISABLE_TELEMETRY := true

.DEFAULT_GOAL := help
.PHONY: help lab test ui reports soak check bench clean

help:  ## list what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

# pyproject.toml or constraints.txt newer than the stamp: install again; otherwise no installer runs.
$(BIN)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV); this happens once and takes some minutes."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@mkdir -p $(VENV)/share/jupyter/lab/settings
	@printf '%s\n' '{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false}}' \
	  > $(VENV)/share/jupyter/lab/settings/overrides.json
	@touch $@

lab: $(BIN)/.installed  ## open JupyterLab on the first tutorial
	@uri=$$($(BIN)/python -m workbench.tracking) && echo "Tracking store: $$uri"
	@echo "JupyterLab prints the address below that opens $(FIRST)."
	@$(BIN)/jupyter lab --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/$(FIRST) --port $(PORT) $(ROOT_OK) $(LAB_ARGS)

# The tutorials first: a long file at the end would leave the other processes without work.
test: $(BIN)/.installed  ## run all tests and tutorials
	@$(BIN)/python -m pytest notebooks tests --nbmake --nbmake-timeout=600 -n $(WORKERS) --dist loadfile --no-loadscope-reorder

ui: $(BIN)/.installed  ## open MLflow on the workbench's tracking store
	@uri=$$($(BIN)/python -m workbench.tracking) && \
	  $(BIN)/mlflow ui --backend-store-uri "$$uri" --host 127.0.0.1 --port $(UI_PORT)

reports: $(BIN)/.installed  ## execute the tutorials and write each as an offline HTML file
	@$(BIN)/workbench notebooks notebooks/*.ipynb --output reports

soak: $(BIN)/.installed  ## run the long campaigns: kills, races, JupyterLab
	@$(BIN)/python -m pytest tests -m soak

check: $(BIN)/.installed  ## lint, types, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(BIN)/.installed  ## run the benchmarks; write ratios into benchmarks/RESULTS.md
	@$(BIN)/python benchmarks/run.py $(BENCH_ARGS)

clean:  ## delete the environment and what was built
	rm -rf $(VENV) build dist reports *.egg-info
