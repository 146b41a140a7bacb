# `make demo` shows a running exchange, `make test` proves it. Both need Python 3.11 or newer and nothing else.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
# Processes that share the tests. The suite is measured on two cores.
WORKERS ?= 2
# What Python compiles it keeps, in the tests' many processes too: to compile all of it takes longer than a start does.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test check bench screenshots requirements clean programs

help:
	@echo "make demo          a live exchange with simulated sellers and buyers, on 127.0.0.1"
	@echo "make test          every check and every test, real PostgreSQL and a real browser included"
	@echo "make check         style, types and the configuration, without the tests"
	@echo "make bench         leads a second and latencies, beside a bare program"
	@echo "make screenshots   the pictures of the documents, taken anew from the frozen demo"
	@echo "make requirements  compile the pins again from pyproject.toml (UPGRADE=1 takes newer versions)"

demo: $(VENV)/run.stamp
	$(BIN)/exchange demo

test: $(VENV)/dev.stamp programs
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

check: $(VENV)/dev.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/exchange check

bench: $(VENV)/dev.stamp
	$(BIN)/python bench/run.py

screenshots: $(VENV)/dev.stamp programs
	$(BIN)/python docs/take_pictures.py

# The environment holds exactly what requirements/*.txt say, hashes checked. A stamp says that it is up to date.
$(VENV)/run.stamp: $(VENV)/uv.stamp requirements/run.txt requirements/build.txt pyproject.toml
	@$(call install,run)
	@touch $@

$(VENV)/dev.stamp: $(VENV)/uv.stamp requirements/dev.txt requirements/build.txt pyproject.toml
	@$(call install,dev)
	@touch $@ $(VENV)/run.stamp

# uv installs five to ten times faster than pip. Where it cannot be had, pip does the same work.
$(VENV)/uv.stamp: requirements/uv.txt
	@test -n "$(PYTHON)" || { echo "Python is missing: install Python 3.11 or newer."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than 3.11: install Python 3.11 or say 'make PYTHON=/path/to/python3.11 …'."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "$(PYTHON) cannot make environments: on Debian, apt-get install python3-venv."; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	@$(PIP) install -q --require-hashes --only-binary :all: -r requirements/uv.txt || echo "No uv for this machine: pip installs."
	@touch $@

define install
{ if test -x $(BIN)/uv; then installer="$(BIN)/uv pip install -q --python $(BIN)/python"; else installer="$(PIP) install -q"; fi; \
echo "Installing what requirements/$(1).txt names …"; \
$$installer --require-hashes --only-binary :all: -r requirements/build.txt -r requirements/$(1).txt \
&& $$installer --no-build-isolation --no-deps -e . \
&& $(BIN)/python -c "import exchange.demo.run, exchange.web.app, exchange.worker"; }
endef

# What the tests run that is no Python: a real Chromium for the pages, curl and PHP for the samples sellers are given,
# a file server that files are fetched from.
CHROMIUM ?= /usr/bin/chromium
PROGRAMS := $(CHROMIUM) curl php /usr/sbin/proftpd /usr/lib/proftpd/mod_sftp.so
DEBIAN   := chromium curl php-cli proftpd-core proftpd-mod-crypto
programs:
	@for program in $(PROGRAMS); do command -v $$program >/dev/null || test -e $$program || missing="$$missing $$program"; done; \
	test -z "$$missing" || { command -v apt-get >/dev/null && test "$$(id -u)" = 0 \
		&& apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(DEBIAN) >/dev/null; } || \
		{ echo "The tests need$$missing: as root, apt-get install $(DEBIAN)."; exit 1; }

COMPILE = $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make requirements" $(if $(UPGRADE),--upgrade)
requirements: $(VENV)/uv.stamp
	$(COMPILE) pyproject.toml --extra dev --extra postgres --extra intake --extra demo -o requirements/dev.txt
	$(COMPILE) pyproject.toml --extra postgres --extra intake --extra demo -c requirements/dev.txt -o requirements/run.txt
	$(COMPILE) requirements/build.in -c requirements/dev.txt -o requirements/build.txt
	$(COMPILE) requirements/uv.in -o requirements/uv.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist *.egg-info
