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

test: install
	$(BIN)/python -m pytest

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: install
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

# Regenerates what the documentation quotes, then checks it.
docs: install
	$(BIN)/python docs/make.py

# The recipe of the next shipped checkpoint (today's is phantom 1.0's: `make starter` of commit
# fcffae1, its trust and prompts rewritten for schema 2). 900 patients to train on, 180 to fit and 180 to score, five in
# twelve of them chest films; about an hour and a half on two cores in all.
starter: install
	$(BIN)/radgloss phantom -n 900 -o build/phantoms --seed 0 --workers 2 --no-segments \
	  --exam xr-chest --exam ct-abdomen --exam xr-chest --exam mr-abdomen \
	  --exam xr-chest --exam us-abdomen --exam xr-chest --exam ct-abdomen \
	  --exam xr-abdomen --exam xr-chest --exam mr-abdomen --exam us-pelvis
	OMP_NUM_THREADS=2 $(BIN)/radgloss train clip -d build/phantoms/manifest.jsonl -o build/starter --workers 2
	rm -rf src/radgloss/checkpoints/starter && mkdir -p src/radgloss/checkpoints
	cp -r build/starter src/radgloss/checkpoints/starter

clean:
	rm -rf $(VENV) build dist demo-output
