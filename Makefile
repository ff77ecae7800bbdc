# geulgam: `make demo` writes an essay on a fresh machine, `make test` runs every test.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: install demo test quick lint bench clean

install: $(VENV)/installed

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "geulgam needs Python 3.11 or newer; say which: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) torch
	$(PIP_INSTALL) --editable '.[dev]'
	@touch $@

demo: install
	$(BIN)/geulgam demo

# One process more than cores: some tests wait for servers.
test: lint quick
	$(BIN)/python -m pytest -n $$(($$(getconf _NPROCESSORS_ONLN) + 1)) --dist loadgroup --durations 20 -m slow

quick: install
	$(BIN)/python -m pytest -n auto -m "not slow"

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: install
	$(BIN)/python -m bench.cleaning
	$(BIN)/python -m bench.clean_scale
	$(BIN)/python -m bench.junk
	$(BIN)/python -m bench.junk --bits --count 8
	$(BIN)/python -m bench.gopher
	$(BIN)/python -m bench.duplicates
	$(BIN)/python -m bench.duplicates --peer
	$(BIN)/python -m bench.boilerplate
	$(BIN)/python -m bench.label
	$(BIN)/python -m bench.label --cut 3
	$(BIN)/python -m bench.label --cut 7
	$(BIN)/python -m bench.label --whole
	$(BIN)/python -m bench.label --scarce
	$(BIN)/python -m bench.retrieval
	$(BIN)/python -m bench.meaning
	$(BIN)/python -m bench.meaning --paraphrases
	$(BIN)/python -m bench.meaning --speed
	$(BIN)/python -m bench.suggest --methods
	$(BIN)/python -m bench.suggest --speed
	$(BIN)/python -m bench.map --choices
	$(BIN)/python -m bench.map --shared
	$(BIN)/python -m bench.index_speed
	$(BIN)/python -m bench.training_speed
	$(BIN)/python -m bench.memory
	$(BIN)/python -m bench.generation
	$(BIN)/python -m bench.adaptation --learning-rate 4e-4
	$(BIN)/python -m bench.demo
	$(BIN)/python -m bench.encoder
	$(BIN)/python -m bench.spans
	$(BIN)/python -m bench.elastic_ranking
	$(BIN)/python -m bench.elastic_loading
	$(BIN)/python -m bench.elastic_faults
	$(BIN)/python -m bench.scale

clean:
	rm -rf $(VENV) build dist *.egg-info
