# `make demo` and `make test` set everything up in .venv and need only Python >= 3.11 and pip.
# RESOLUTE_PIP_ARGS is handed to pip: another index, a proxy, a folder of wheels.

VENV := .venv
BIN := $(VENV)/bin
# Without --no-compile pip compiles every module of torch and transformers; most are never imported.
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile $(RESOLUTE_PIP_ARGS) -c constraints.txt
WORKERS ?= 2

# One thread a process: two that share two cores otherwise wait for each other (measured: up to 200 times slower).
export OMP_NUM_THREADS := 1
export TOKENIZERS_PARALLELISM := false
# Where compiled modules may not be kept, every process compiles torch and transformers again: 17 of its first 30 seconds.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help check test demo verify docs lab-study clean

help:
	@echo "make demo    set up, run the whole loop on the lab model, print a table and the path of report.html"
	@echo "make test    set up, lint, types, import layers, tests"
	@echo "make check   only lint, types and import layers"
	@echo "make verify  the slow checks and benchmarks; writes docs/measured/"
	@echo "make docs    the documentation site, into site/ (offline; open site/index.html)"
	@echo "make lab-study  every row and ablation on the lab, nine times: some hours, resumable (docs/lab-study.md)"
	@echo "make clean   remove .venv and caches; runs/ stays"

# Python 3.11 where there is one, else any later one.
$(VENV)/.made:
	@for name in python3.11 python3 python3.12 python3.13 python3.14 python; do \
	  if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then python=$$name; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Resolute needs Python 3.11 or later, and none is on PATH. Install one (python.org, apt, brew, uv) and run this again." >&2; exit 1; \
	fi; \
	$$python -m venv --clear $(VENV) || { \
	  echo "$$python cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv. Then run this again." >&2; exit 1; }
	@touch $@

# A stamp is newer than what it was installed from: a second run installs nothing and needs no network.
# `dev` holds all of `train`, so it counts for both.
$(VENV)/.train: pyproject.toml constraints.txt $(VENV)/.made
	@echo "installing into $(VENV) (about 2 GB, torch included)"
	@$(PIP_INSTALL) -e ".[train]"
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt $(VENV)/.made
	@echo "installing into $(VENV) (about 2 GB, torch included)"
	@$(PIP_INSTALL) -e ".[dev]"
	@touch $@ $(VENV)/.train

check: $(VENV)/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright --pythonpath $(BIN)/python
	@$(BIN)/lint-imports

test: export HF_HUB_OFFLINE := 1
test: check
	@$(BIN)/python -m pytest -n $(WORKERS) --durations=30 --durations-min=4 -m "not verify"

demo: $(VENV)/.train
	@$(BIN)/resolute demo

verify: export HF_HUB_OFFLINE := 1
verify: $(VENV)/.dev
	@$(BIN)/python -m pytest -m verify
	@$(BIN)/python -m bench.fuzz_judges --out docs/measured
	@$(BIN)/python -m bench.judging_coverage --out docs/measured
	@$(BIN)/python -m bench.audit_coverage --out docs/measured
	@$(BIN)/python -m bench.evaluate_coverage --out docs/measured
	@$(BIN)/python -m bench.statistics --out docs/measured
	@$(BIN)/python -m bench --out docs/measured

# The site asks nobody for anything, while it is built and when it is read; a broken link stops it.
docs: export NO_MKDOCS_2_WARNING := 1
docs: $(VENV)/.dev
	@$(BIN)/python -m mkdocs build --quiet --strict
	@echo "docs: site/index.html"

# The bases are part of the study: each is pretrained once, by the frozen code.
lab-study: export HF_HUB_OFFLINE := 1
lab-study: $(VENV)/.dev
	@$(BIN)/python -m bench.lab_freeze
	@for seed in 1 2 3; do \
	  [ -f runs/lab-bases/$$seed/config.json ] || $(BIN)/resolute lab build --seed $$seed --out runs/lab-bases/$$seed || exit 1; \
	done
	@$(BIN)/resolute study recipes/lab/study-first.yaml --out runs/lab-study-first
	@$(BIN)/resolute study recipes/lab/study.yaml --out runs/lab-study

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
