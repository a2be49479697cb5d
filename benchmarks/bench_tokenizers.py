"""Speed and exactness of tokenising, against the reference library, in one run.

Both sides tokenise the same documents on one thread: the reference makes lists of ids
of Python strings (`encode_batch_fast`), ours makes flat ids of an Arrow array, with its
guard and its comparison. Then the ids of every document of the corpus and of 20,000
adversarial strings are compared with the reference's:

    python benchmarks/bench_tokenizers.py [FOLDER] [--small]

With `--write-tables FOLDER` it makes the tables of code points that come with the
package anew instead.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Read by the libraries when they start their threads.
os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from isinglass.schemas.config import EncodeConfig
from isinglass.transforms.encode.tokenizers.batch import cut, differing_rows
from isinglass.transforms.encode.tokenizers.choice import (
    make_table,
    table_key,
    write_table,
)
from isinglass.transforms.encode.tokenizers.fast import load_fast
from isinglass.transforms.encode.tokenizers.probe import adversarial
from isinglass.transforms.encode.tokenizers.reference import load_reference
from isinglass.transforms.encode.tokenizers.tokenizer import Tokenizer, load_tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
LIMIT = 256
ROUNDS = 3
STRINGS = 20_000
TARGET = 8.0


def main() -> int:
    """Run it; 1 if ids differ or a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=DATA / "corpus")
    parser.add_argument("--small", action="store_true", help="a tenth of the corpus")
    parser.add_argument("--write-tables", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    tokenizers = {
        "WordPiece": EncodeConfig(),
        "GPT-2": EncodeConfig(tokenizer=str(DATA / "models" / "gpt2_bpe")),
    }
    if options.write_tables:
        for name, settings in tokenizers.items():
            write(name, settings, options.write_tables)
        return 0
    texts = read_texts(options.folder, 10 if options.small else 1)
    good = [report(name, one, texts) for name, one in tokenizers.items()]
    return 0 if all(good) else 1


def read_texts(folder: Path, step: int) -> pa.Array:
    """Every `step`-th text of all Parquet files of a folder."""
    tables = [pq.read_table(f, columns=["text"]) for f in sorted(folder.glob("*.par*"))]
    texts = pa.concat_tables(tables)["text"].combine_chunks()
    return texts.take(pa.array(np.arange(0, len(texts), step)))


def report(name: str, settings: EncodeConfig, texts: pa.Array) -> bool:
    """Print speed and differences of one tokenizer; whether the target is reached."""
    load, tokenizer = seconds(lambda: load_tokenizer(settings))
    reference = tokenizer.reference
    backend = reference.library
    strings = texts.to_pylist()
    megabytes = sum(len(text.encode()) for text in strings) / 1e6
    print(f"\n{name}: {tokenizer.backend} for {len(texts):,} documents, ", end="")
    print(f"{megabytes:.1f} MB; loaded in {load:.2f} CPU s, one thread")
    print(f"{'':44} {'CPU s':>7} {'MB/s':>7} {'ratio':>6}")
    theirs, _ = seconds(lambda: reference_tokens(backend, strings))
    print_row("reference, encode_batch_fast", theirs, megabytes, theirs)
    ours = best(settings, lambda one: one.encode(texts))
    first, again = ours[0], min(ours[1:])
    print_row("ours end to end, first pass", first, megabytes, theirs)
    print_row("ours end to end, best of later passes", again, megabytes, theirs)
    part = best(settings, lambda one: one.encode(texts, LIMIT))
    print_row(f"ours cut to {LIMIT} tokens, best", min(part), megabytes, theirs)
    exact = compare(tokenizer, texts)
    print(f"target: {TARGET:.0f} x in the first pass, 0 documents that differ")
    return exact and theirs / first >= TARGET


def reference_tokens(backend: Any, strings: list[str]) -> int:
    """Tokens by the library in batches of 256 documents, of which one is kept."""
    count = 0
    for at in range(0, len(strings), 256):
        encoded = backend.encode_batch_fast(strings[at : at + 256])
        count += sum(len(one.ids) for one in encoded)
    return count


def best(settings: EncodeConfig, call: Callable[[Tokenizer], Any]) -> list[float]:
    """CPU seconds of passes by a tokenizer that has seen no text before."""
    tokenizer = load_tokenizer(settings)
    return [seconds(lambda: call(tokenizer))[0] for _ in range(ROUNDS)]


def compare(tokenizer: Tokenizer, texts: pa.Array) -> bool:
    """Print how many documents have other ids than by the reference."""
    strings = pa.array(adversarial(STRINGS, seed=7), pa.large_string())
    exact = True
    for name, array in (("corpus", texts), ("adversarial strings", strings)):
        before = tokenizer.documents_by_reference
        expected = tokenizer.reference.encode(array)
        whole = differing_rows(expected, tokenizer.encode(array))
        sent = tokenizer.documents_by_reference - before
        shortened = tokenizer.encode(array, LIMIT)
        part = differing_rows(cut(expected, LIMIT), shortened)
        print(
            f"{name}: {len(whole)} of {len(array):,} documents differ, {len(part)} cut "
            f"to {LIMIT} tokens; {sent} ({sent / len(array):.2%}) by the reference"
        )
        exact = exact and len(whole) == len(part) == 0
    return exact


def write(name: str, settings: EncodeConfig, folder: Path) -> None:
    """Measure and write the table of one tokenizer."""
    reference = load_reference(settings)
    rules = reference.rules
    fast = load_fast(rules.kind, rules.for_library(special_tokens=True))
    if fast is None:
        sys.exit(f"{name}: its fast library is not installed.")
    spent, ranges = seconds(lambda: make_table(reference, fast))
    key = table_key(rules, fast)
    write_table(folder, key, ranges, name)
    print(f"{key.file_name}: {len(ranges)} ranges in {spent:.1f} CPU s")


def seconds(call: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of a call, and its result."""
    start = time.process_time()
    result = call()
    return time.process_time() - start, result


def print_row(name: str, spent: float, megabytes: float, theirs: float) -> None:
    """One line of the table."""
    print(f"{name:44} {spent:7.2f} {megabytes / spent:7.1f} {theirs / spent:6.1f}")


if __name__ == "__main__":
    sys.exit(main())
