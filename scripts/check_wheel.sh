#!/usr/bin/env bash
# Build the source archive and, from it, the wheel; install the wheel into a clean
# environment; run it from a folder that holds decoys called schemas, transforms and
# pipelines, with two Beam worker processes.
#
# Usage: scripts/check_wheel.sh PYTHON   (a python with all dependencies installed)
set -euo pipefail

cd "$(dirname "$0")/.."
python="$(cd "$(dirname "$1")" && pwd)/$(basename "$1")"
work="$PWD/build/wheel-check"
unset PYTHONPATH
rm -rf "$work"
mkdir -p "$work/decoy"

echo "== build"
"$python" -m build --no-isolation --outdir "$work/dist" . >"$work/build.log" 2>&1 \
    || { tail -n 40 "$work/build.log" >&2; exit 1; }
wheel=$(ls "$work"/dist/*.whl)
"$python" scripts/wheel_contents.py "$wheel" "$work"/dist/*.tar.gz

echo "== install into a clean environment"
# Dependencies are borrowed by path; path files inside a borrowed folder are not read,
# so the editable isinglass of the development environment stays out of sight.
"$python" -m venv "$work/venv"
clean="$work/venv/bin/python"
site=$("$clean" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
"$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' >"$site/borrowed.pth"
"$clean" -m pip install --quiet --no-deps --no-index "$wheel"

cd "$work/decoy"
for name in schemas transforms pipelines; do
    mkdir "$name"
    echo "raise ImportError('the decoy $name was imported')" >"$name/__init__.py"
done
"$clean" - "$site" <<'PY'
import sys

import isinglass
import isinglass.pipelines
import isinglass.schemas
import isinglass.transforms

site = sys.argv[1]
modules = (
    isinglass,
    isinglass.pipelines,
    isinglass.schemas,
    isinglass.transforms,
)
for module in modules:
    assert module.__file__ is not None and module.__file__.startswith(site), module
print("isinglass", isinglass.__version__, "found only in the clean environment")
PY

echo "== run with two worker processes beside decoys"
cat >corpus.jsonl <<'JSONL'
{"text": "The first document is about glaciers and how slowly they carve valleys."}
{"text": "Write to ranger.station@mailbox.home.arpa about glaciers, valleys and the weather."}
{"text": "The first document is about glaciers and how slowly they carve valleys."}
JSONL
cp corpus.jsonl more.jsonl
cat >run.yaml <<'YAML'
name: wheel-check
inputs:
  - {path: corpus.jsonl, source: one}
  - {path: more.jsonl, source: two}
output: out
dedup: {}
pii: {mode: identifiers, canaries: {documents: 0}}
beam: {workers: 2, mode: multi_processing}
limits: {shard_bytes: 1}
YAML
"$work/venv/bin/isinglass" run --config run.yaml
"$work/venv/bin/isinglass" verify out
"$clean" - <<'PY'
import json
from pathlib import Path

import pyarrow.dataset as ds

records = json.loads(Path("out/manifest.json").read_text(encoding="utf-8"))["records"]
# Two distinct texts, three times and twice: four of the six records are duplicates.
assert records["in"] == 6, records
assert records["kept"] == 2, records
texts = ds.dataset("out/data", format="parquet").to_table()["text"].to_pylist()
assert sum("glaciers" in text for text in texts) == 2, "a kept document is missing"
assert not any("ranger.station" in text for text in texts), "an address survived"
PY
echo "== the wheel works"
