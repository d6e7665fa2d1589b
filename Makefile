# make run     the whole house on http://127.0.0.1:8000 (PORT and DATA_DIR move it)
# make test    every test, with a database and services of their own
# make check   what the build runs: form, types, floors, templates, translations, then the tests
# make bench   the figures of bench/
# make format  put the code in its form

PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)
BIN := .venv/bin
# Three workers on two cores: the journeys wait for processes more than they work.
TESTS ?= -n 3 -q

.PHONY: run test check bench format tools

run: .venv/installed
	@exec $(BIN)/python -m crowdfund.supervisor --with-parent

test: .venv/installed-tools
	@.ci/machine
	@$(BIN)/python -m pytest $(TESTS)

check: .venv/installed-tools
	@$(BIN)/ruff format --check --quiet . || { echo "Not in form: run make format."; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/djlint --lint --quiet templates
	@$(BIN)/python -m crowdfund.translations --check
	@$(MAKE) --no-print-directory test

bench: .venv/installed-tools
	@$(BIN)/python -m bench

format: .venv/installed-tools
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix --quiet .

.venv/installed: requirements.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; on Debian: apt-get install -y python3 python3-venv"; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear .venv >/dev/null || \
		{ rm -rf .venv; echo "Python cannot make .venv; on Debian: apt-get install -y python3-venv"; exit 1; }
	@echo "Installing what requirements.txt lists into .venv ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-input --root-user-action=ignore -r requirements.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-input --root-user-action=ignore --no-deps --no-build-isolation -e .
	@touch $@

.venv/installed-tools: .venv/installed requirements-dev.txt
	@echo "Installing the tools of requirements-dev.txt into .venv ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-input --root-user-action=ignore -r requirements-dev.txt
	@touch $@
