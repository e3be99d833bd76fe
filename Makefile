# The lecture's commands. `make help` lists them.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
NB ?= $(sort $(wildcard notebooks/*.ipynb))
T ?=
B ?=

# The notebooks run again, and their outputs must be those that are stored.
NBVAL = --nbval --nbval-current-env --nbval-sanitize-with tests/nbval.cfg --nbval-cell-timeout 400

# One file says that everything is installed; it is older than its sources only when
# they have changed, so the second `make lab` starts at once.
READY = $(VENV)/.installed

# PyTorch's threads sleep while they wait for each other instead of spinning, which would
# take the cores from whatever else runs: benchmarks/busy.py has what that costs.
export OMP_WAIT_POLICY ?= PASSIVE

# Jupyter refuses to serve root, which is who one is in a container, unless told to.
ALLOW_ROOT = $(if $(filter 0,$(shell id -u)),--allow-root)

.DEFAULT_GOAL := help
.PHONY: help lab test notebooks pictures site bench lint constraints clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

lab: $(READY) ## set everything up and open the lecture in JupyterLab
	$(BIN)/jupyter lab $(ALLOW_ROOT) notebooks/01_convolution.ipynb

test: export CNNLIB_OFFLINE ?= 1
test: $(READY) ## set everything up and run every test, the notebooks included (T="..." narrows it)
	$(BIN)/python -m pytest $(NBVAL) $(T)

# A stored widget view shows an error once its kernel is gone: store the still instead.
notebooks: export CNNLIB_WIDGETS = still
notebooks: $(READY) ## run the notebooks and store their outputs (NB="..." for some of them)
	$(BIN)/jupyter nbconvert --to notebook --execute --inplace \
	    --ExecutePreprocessor.record_timing=False \
	    --ExecutePreprocessor.store_widget_state=False --log-level=WARN $(NB)

site: $(READY) ## write the notebooks as web pages that need nothing else to site/
	$(BIN)/python docs/site.py

pictures: $(READY) ## take the README's pictures from the notebooks
	$(BIN)/python docs/pictures.py

bench: $(READY) ## measure (under 10 minutes) and write benchmarks/RESULTS.md (B="..." for some or --full)
	$(BIN)/python -m benchmarks $(B)

lint: $(READY) ## check style: package, tests and notebooks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

constraints: $(READY) ## look up the newest versions that fit together, for Python 3.10 and later
	$(BIN)/python -m pip install --quiet uv
	(sed -n '/^#/p' constraints.txt; $(BIN)/uv pip compile pyproject.toml --all-extras \
	    --universal --python-version 3.10 --no-header --no-annotate --quiet) > constraints.new
	mv constraints.new constraints.txt

clean: ## remove the virtual environment and what building left behind
	rm -rf $(VENV) build dist *.egg-info

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	    { echo "The lecture needs Python 3.10 or newer; name one: make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	    { echo "No virtual environment could be made: install python3-venv and try again."; rm -rf $(VENV); exit 1; }
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[lab,test,docs]'
	@touch $(READY)
