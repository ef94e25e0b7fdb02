# Two commands do everything: `make run` and `make test`. Python 3.11 or newer is all they need.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: run demo test check bench clean

run: .venv/ready
	$(BIN)/python main.py run

demo: .venv/ready
	$(BIN)/python main.py demo

test: .venv/ready-dev
	$(BIN)/python -m pytest

check: .venv/ready-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: .venv/ready-bench
	$(BIN)/python -m bench

.venv/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Yinuo needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	touch $@

.venv/ready: requirements.txt | .venv/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

.venv/ready-dev: requirements-dev.txt | .venv/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@ .venv/ready

.venv/ready-bench: requirements-bench.txt | .venv/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.txt
	touch $@ .venv/ready .venv/ready-dev

clean:
	rm -rf .venv data
