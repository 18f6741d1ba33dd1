# Two commands do everything on a fresh machine: `make demo` and `make test`.
# PYTHON   the interpreter to build .venv from (3.11 or later)
# TORCH    arguments of the torch installation; the default takes what the package index serves.
#          A CPU-only build from PyTorch's own index is a smaller download:
#          make demo TORCH="torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu"
PYTHON ?= python3
TORCH ?= -r requirements-torch.txt
CORES ?= 2
BIN := .venv/bin

.PHONY: demo quick test test-kernels lint docs pictures install lock audit clean

demo: install
	$(BIN)/snakemake --cores $(CORES)
	@$(BIN)/python -m voxplain.report.summary results/demo

# One thread: on arrays as small as the tests' a second one costs more than it gives.
quick test: export OMP_NUM_THREADS = 1

# The unit tests but the slowest: about a minute.
quick: install .venv/.unpinned
	$(BIN)/pytest -q -n 2 -m "not slow" tests/unit

# A file of slow tests stays in one process, so that its studies run once.
test: install lint .venv/.unpinned
	$(BIN)/pytest -n 2 -m "not slow"
	$(BIN)/pytest -n 2 --dist loadfile -m slow --durations 25

# The numeric tests as other processors would calculate them; ONLY=prescott runs one setting.
test-kernels: install .venv/.unpinned
	$(BIN)/python tests/kernels.py $(ONLY)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/snakemake --lint

# The guide as a site: site/index.html opens from disk.
docs: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# The guide's pictures, from the figures of the finished demo.
pictures: install
	$(BIN)/python docs/pictures.py

install: .venv/.installed

# Always from scratch: packages from .unpinned would not pass the check of the pins.
.venv/.installed: requirements.lock requirements-torch.txt pyproject.toml
	@echo "Installing into .venv (a few minutes the first time) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check $(TORCH)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@$(BIN)/pip check
	@touch $@

# Packages that only tests use, or that ask for other versions than the pins but run with them.
.venv/.unpinned: .venv/.installed requirements-ants.txt requirements-validators.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps \
	  -r requirements-ants.txt -r requirements-validators.txt
	@touch $@

# Renew every pin from pyproject.toml.
lock:
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet $(TORCH)
	.venv-lock/bin/pip install --quiet -e ".[workflow,test,docs]"
	.venv-lock/bin/pip freeze | .venv-lock/bin/python envs/lock.py
	rm -rf .venv-lock

# Known vulnerabilities of every pinned package, from PyPI (needs the internet).
audit: .venv/audit
	@.venv/audit/bin/pip-audit --no-deps --disable-pip --format json --progress-spinner off \
	  -r requirements.lock -r requirements-torch.txt -r requirements-ants.txt \
	  -r requirements-validators.txt | $(PYTHON) envs/audit.py

.venv/audit:
	$(PYTHON) -m venv $@
	$@/bin/pip install --quiet --disable-pip-version-check pip-audit

clean:
	rm -rf .venv results .snakemake
