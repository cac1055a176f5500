# `make demo` and `make test` are all that a new checkout needs; both set up what is missing first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SUDO_APT := $(shell [ "$$(id -u)" = 0 ] && command -v apt-get)

# The tests start hundreds of processes and load types thousands of times: what Python compiles is kept, whatever the
# environment says.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test check soak lab-up lab-down bench docs clean

setup: $(VENV)/.ready

# The system packages are installed where that is possible (root on Debian or Ubuntu); elsewhere what is missing is named.
$(VENV)/.ready: setup.cfg pyproject.toml
	@if ! $(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	  if [ -n "$(SUDO_APT)" ]; then apt-get update -q && apt-get install -y -q python3 python3-venv; fi; fi
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "holdfast: the controller needs Python 3.11 or newer; try: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' || { echo "holdfast: install python3-venv first"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test,check]'
	@touch $@

demo: setup
	$(BIN)/python -m tests.demo

# The whole suite, real hosts included; where they cannot be made, their tests are skipped and say why. They are dealt
# out to processes that each have hosts of their own; `tests/dealing.py` says how.
test: setup
	$(BIN)/python -m pytest -n auto

# vermin: what is sent to hosts uses the syntax and the standard library of Python 3.8, also where no 3.8 is installed.
check: setup
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vermin --quiet --target=3.8- --violations --no-tips engine/holdfast_host modules

# The same tests as in the suite, with as many generated cases and kills as take an hour or two; and twenty minutes in
# which hosts are sabotaged and enforcement alone keeps them.
soak: setup
	$(BIN)/python -m tests.soak
	HOLDFAST_PAIRS=10000 HOLDFAST_KILLS=4000 $(BIN)/python -m pytest tests/generated tests/trust/test_kills.py \
	  tests/trust/test_kills_keeping.py

lab-up: setup
	$(BIN)/python -m tests.lab up

lab-down: setup
	$(BIN)/python -m tests.lab down

bench: setup
	$(BIN)/python -m tests.bench

# The pages of the reference that are made from the program; tests hold them to it.
docs: setup
	$(BIN)/python -m holdfast.cli.reference > docs/reference/cli.md
	$(BIN)/python -m tests.docs.generated

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
