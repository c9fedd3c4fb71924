# Two targets do everything on a fresh machine: `make demo` and `make test`.
# The others are for who works here: check, fix, docs, constraints, clean.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
DEMO := demo/ledger.db
ROOMS := ledger commands projections

.DEFAULT_GOAL := help
.PHONY: help venv install demo test check lint types contracts wheel fix docs constraints clean

help:
	@echo "make demo         install, build the demonstration ledger in demo/, show quotas, worst flags and verdict"
	@echo "make test         install and run every test"
	@echo "make check        what must hold before the tests: lint, types, contracts, wheel"
	@echo "make fix          let ruff put right what it can"
	@echo "make docs         write docs/events.md and the tables of docs/demonstration.md and red-flags.md again"
	@echo "make constraints  pin and hash the dependencies again, from pyproject.toml"
	@echo "make clean        remove what the other targets made"

venv: $(BIN)/python

install: $(INSTALLED)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "error: $(PYTHON) is older than Python 3.11" >&2; \
	  echo "hint: make $(MAKECMDGOALS) PYTHON=python3.11" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip' || { \
	  echo "error: $(PYTHON) cannot make a virtual environment: it has no ensurepip" >&2; \
	  echo "hint: on Debian, apt-get install python3-venv" >&2; exit 2; }
	$(PYTHON) -m venv .venv

# Everything, the build backend too, comes from the hashed file; nothing is fetched beside it.
$(INSTALLED): constraints.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --require-hashes --requirement constraints.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: install
	rm -rf $(dir $(DEMO))
	mkdir -p $(dir $(DEMO))
	$(BIN)/chip-ledger demo --ledger $(DEMO)
	$(BIN)/chip-ledger --ledger $(DEMO) quotas
	$(BIN)/chip-ledger --ledger $(DEMO) quotas --policy diffusion-2025
	$(BIN)/chip-ledger --ledger $(DEMO) flags --top 5
	$(BIN)/chip-ledger --ledger $(DEMO) flags --top 5 --policy diffusion-2025
	$(BIN)/chip-ledger --ledger $(DEMO) alerts --top 5
	$(BIN)/chip-ledger --ledger $(DEMO) verify

test: install
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

check: lint types contracts wheel

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

contracts: install
	$(BIN)/lint-imports --no-logo

wheel: install
	$(BIN)/python -m pytest tests/test_tidy.py -k wheel

fix: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: install
	$(BIN)/python docs/make_events.py
	$(BIN)/python docs/make_demonstration.py
	$(BIN)/python docs/make_red_flags.py

# What is pinned: what building, running, each extra and development ask for.
define ASKED_FOR
import tomllib
with open("pyproject.toml", "rb") as file:
    house = tomllib.load(file)
print(*house["build-system"]["requires"], "editables", sep="\n")
print(*house["project"]["dependencies"], sep="\n")
for extra in house["project"]["optional-dependencies"].values():
    print(*extra, sep="\n")
print(*(d for d in house["dependency-groups"]["dev"] if not d.startswith("chip-ledger")), sep="\n")
endef
export ASKED_FOR

# pip-tools lives in a venv of its own, so that it is never pinned along. Every wheel of each
# release is hashed, so one file serves Python 3.11 to 3.13 on x86_64 and aarch64. What is pinned
# already stays, unless `make constraints UPGRADE=--upgrade`.
PIN := build/constraints
constraints: | $(BIN)/python
	rm -rf $(PIN)
	$(BIN)/python -m venv $(PIN)/venv
	$(PIN)/venv/bin/python -m pip install --quiet pip-tools
	$(BIN)/python -c "$$ASKED_FOR" > $(PIN)/pyproject.in
	cp constraints.txt $(PIN)/
	cd $(PIN) && CUSTOM_COMPILE_COMMAND="make constraints" venv/bin/pip-compile --quiet \
	  --generate-hashes --strip-extras --annotation-style=line --no-emit-options \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links $(UPGRADE) \
	  --output-file constraints.txt pyproject.in
	mv $(PIN)/constraints.txt constraints.txt

clean:
	rm -rf .venv build dist demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
