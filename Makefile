# Everything a person or the CI does here. `make demo` and `make test` are enough to start.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO_CORPUS := build/demo-corpus
PEERS := build/peers

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: install test fuzz soak check lint types imports wheel wheels-resolve demo bench bench-peers clean

install: $(STAMP)

# Torch first and pinned: left to the resolver it may arrive with gigabytes of GPU code.
$(STAMP): setup.py constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[encode,dev]"
	touch $(STAMP)

# Two processes, each with whole modules, since their fixtures are runs.
test: install
	$(BIN)/python -m pytest -n 2 --dist loadscope

# Property tests with fresh examples, and 20 times as many as `make test` tries, which tries
# the same ones every time. What fails is tried first the next time. And 300 damaged files
# of each format; ISINGLASS_FUZZ_SEED=... in front repeats those of an earlier time.
FUZZ := tests
fuzz: install
	ISINGLASS_FUZZ=20 $(BIN)/python -m pytest -n 2 -m "hypothesis or fuzz" $(FUZZ)

# Runs that are killed, stopped, doubled and starved at random moments, over all verbs. The
# disk is filled where DISK names a folder on a small file system: make soak DISK=/mnt/small
MOMENTS := 100
DISK :=
soak: install
	$(BIN)/python benchmarks/soak.py --moments $(MOMENTS) $(if $(DISK),--disk $(DISK))

check: lint types imports wheel

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy -p isinglass
	$(BIN)/mypy -p training
	$(BIN)/mypy setup.py scripts tests examples

imports: install
	$(BIN)/lint-imports --no-logo --cache-dir build/import-linter

wheel: install
	scripts/check_wheel.sh $(BIN)/python

# Asks the index whether everything comes as wheels, for each Python and each extra.
wheels-resolve: install
	scripts/resolve_wheels.sh $(BIN)/python

demo: install
	$(BIN)/python examples/gather_corpus.py --output $(DEMO_CORPUS) --max-megabytes 2.5
	$(BIN)/isinglass run --config examples/demo.yaml --replace

bench: install
	set -e; for script in benchmarks/bench_*.py benchmarks/dedup.py benchmarks/encoder.py benchmarks/pii.py; do $(BIN)/python $$script; done

# Tools that benchmarks are held against live in an environment of their own, because
# datatrove needs an older xxhash, and so do Django and Sphinx, whose catalogues are the
# texts by script. Pinned, so that the ratios stay comparable.
bench-peers: install $(PEERS)/.installed
	$(BIN)/python benchmarks/dedup.py --peers $(PEERS)/bin/python
	$(BIN)/python benchmarks/chain.py --peers $(PEERS)/bin/python
	$(BIN)/python benchmarks/scripts.py --peers $(PEERS)/bin/python
	$(BIN)/python benchmarks/demographics.py --peers $(PEERS)/bin/python

$(PEERS)/.installed:
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet "datatrove[io]==0.10.1" "xxhash==3.8.2" \
		"spacy==3.8.18" "tokenizers==0.23.3" "orjson==3.13.0" "regex==2026.11.19" \
		"datasketch==2.0.0" "Django==5.2.19" "Sphinx==9.0.4" "pycld2==0.42" \
		"cld3-py==3.1.0" "py3langid==0.4.0" "lingua-language-detector==2.1.1" \
		"ipfn==1.4.4"
	touch $@

clean:
	rm -rf build dist runs *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find isinglass pipelines transforms schemas tests examples -name __pycache__ \
		-type d -prune -exec rm -rf {} +
