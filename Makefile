# radgloss: `make demo` and `make test` are all that a newcomer needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: install demo test lint bench docs starter clean

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' -c constraints.txt
	touch $(STAMP)

# make demo            serves the reading page on loopback at the end
# make demo ARGS=--no-serve     for machines; ARGS='path/to/studies' adds your own
demo: install
	$(BIN)/radgloss demo -o demo-output $(ARGS)

# One process a core, each file in one of them, so that what a file has made serves all its tests.
test: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n logical --maxprocesses 8 --dist loadfile

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: install
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

# Regenerates what the documentation quotes, then checks it.
docs: install
	$(BIN)/python docs/make.py

# Makes the shipped checkpoint anew: 2,205 simulated patients to train on and 661 to fit and to score,
# four in seven of them chest films, two CT, one MR; about two hours on two cores in all.
# (Today's was trained before whole frames were drawn before boxes: dev/LOG.md, 2026-11-25.)
starter: install
	$(BIN)/radgloss phantom -n 2205 --share 0.3 -o build/phantoms --seed 0 --workers 2 --no-segments \
	  --exam xr-chest --exam ct-abdomen --exam xr-chest --exam mr-abdomen --exam xr-chest \
	  --exam ct-abdomen --exam xr-chest --exam xr-chest --exam ct-abdomen --exam xr-chest \
	  --exam mr-abdomen --exam xr-chest --exam ct-abdomen --exam xr-chest --exam xr-chest \
	  --exam ct-abdomen --exam xr-chest --exam mr-abdomen --exam xr-chest --exam ct-abdomen \
	  --exam xr-chest
	OMP_NUM_THREADS=2 $(BIN)/radgloss train clip -d build/phantoms/manifest.jsonl -o build/starter --workers 2
	rm -rf src/radgloss/checkpoints/starter && mkdir -p src/radgloss/checkpoints
	cp -r build/starter src/radgloss/checkpoints/starter

clean:
	rm -rf $(VENV) build dist demo-output
