# Every verb of the project. CI runs `make check` and `make test`, nothing else.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

.PHONY: run test check bench demo soak clean
.DELETE_ON_ERROR:

run: $(VENV)/.ready        ## open the board (starts the daemon by itself)
	@$(BIN)/paso

test: $(VENV)/.ready-test  ## every test but the long runs
	@$(BIN)/pytest -q -m "not soak" -n 2 --dist loadfile

soak: $(VENV)/.ready-test  ## the long runs: millions of frames, hundreds of kills
	@$(BIN)/pytest -q -m soak --timeout 3600

check: $(VENV)/.ready-test ## style, types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: $(VENV)/.ready-test ## the figures of docs/performance.md, beside the peers installed here
	@$(BIN)/python -m benchmarks

demo: $(VENV)/.ready       ## a board with sample data in a throw-away home
	@$(BIN)/paso demo

$(BIN)/python:
	@echo 'Setting up $(VENV), this once.' >&2
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: pyproject.toml | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@$(BIN)/python -m compileall -q paso paso_daemon
	@touch $@

$(VENV)/.ready-test: pyproject.toml | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@$(BIN)/python -m compileall -q paso paso_daemon
	@touch $@ $(VENV)/.ready

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
