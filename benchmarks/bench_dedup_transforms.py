"""CPU seconds of each dedup transform, recall on planted edits, and linear matching.

Reads the text column of every Parquet file of a folder (by default the shared corpus
beside the checkout) and runs everything in this process on one thread:

    python benchmarks/bench_dedup_transforms.py [FOLDER]
"""

from __future__ import annotations

import random
import sys
import time
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from isinglass.schemas.config.dedup import DedupConfig
from isinglass.transforms.dedup.candidates import candidate_pairs
from isinglass.transforms.dedup.exact import group_equal
from isinglass.transforms.dedup.keepers import keeper_ranks, resolve_near
from isinglass.transforms.dedup.minhash import band_hashes, capture_probability
from isinglass.transforms.dedup.shingles import shingle, shingle_sets
from isinglass.transforms.dedup.verify import jaccard
from isinglass.transforms.language import detect_languages
from isinglass.transforms.normalise import normalise
from isinglass.transforms.text import content_hashes, word_counts

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

Result = TypeVar("Result")

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "corpus"
BATCH = 2_000
ROUNDS = 3
PLANTED = 4_000
CONFIG = DedupConfig()
EDGES = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 1.0, 1.01)


class Meter:
    """CPU seconds by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def __call__(self, step: str, call: Callable[[], Result]) -> Result:
        """Run `call` and add its CPU seconds to `step`."""
        start = time.process_time()
        result = call()
        spent = time.process_time() - start
        self.seconds[step] = self.seconds.get(step, 0.0) + spent
        return result


def match(bands: NDArray[np.uint64], ranks: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Pair documents over all bands at once."""
    return candidate_pairs(bands.T.ravel(), np.tile(ranks, bands.shape[1]))


def deduplicate(batches: list[pa.StringArray], meter: Meter) -> dict[str, int]:
    """Run every transform as the passes do, and return what was found."""
    texts, hashes, bands, lengths = [], [], [], []
    for batch in batches:
        meter("languages", partial(detect_languages, batch))
        meter("word counts", partial(word_counts, batch))
        texts.append(meter("normalise", partial(normalise, batch)))
        hashes.append(meter("content hash", partial(content_hashes, texts[-1])))
        shingles = meter("shingle", partial(shingle, texts[-1], CONFIG.ngram))
        bands.append(meter("bands", partial(band_hashes, shingles, CONFIG)))
        lengths.append(np.diff(shingles.offsets))
    hashed = np.concatenate(hashes)
    ranks = meter(
        "ranks",
        partial(keeper_ranks, np.concatenate(lengths), hashed, "longest", None, None),
    )
    keeper = meter("exact", partial(group_equal, hashed, ranks))
    near = np.concatenate([b.valid for b in bands]) & (keeper == np.arange(len(keeper)))
    keys = np.concatenate([b.hashes for b in bands])[near]
    pairs = meter("match", partial(match, keys, ranks[near]))
    row_of = np.argsort(ranks)
    rows = np.unique(row_of[np.unique(pairs)])
    wanted = pa.concat_arrays(texts).take(pa.array(rows))
    sets = meter("sets", partial(shingle_sets, wanted, CONFIG.ngram))
    left, right = (np.searchsorted(rows, row_of[pairs[:, side]]) for side in (0, 1))
    starts, ends = sets.offsets[:-1], sets.offsets[1:]
    similarity = meter(
        "jaccard", partial(jaccard, sets.values, starts, ends, left, right)
    )
    kept, _ = meter(
        "resolve",
        partial(resolve_near, pairs, similarity, CONFIG.threshold, len(ranks)),
    )
    return {
        "documents": len(ranks),
        "exact duplicates": int((~(keeper == np.arange(len(keeper)))).sum()),
        "candidate pairs": len(pairs),
        "near-duplicates": int((kept >= 0).sum()),
    }


def report_speed(batches: list[pa.StringArray]) -> None:
    """Print the best round of each step; the first also loads or compiles kernels."""
    megabytes = sum(batch.nbytes for batch in batches) / 1e6
    rounds = []
    for _ in range(ROUNDS):
        meter = Meter()
        found = deduplicate(batches, meter)
        rounds.append(meter.seconds)
    best = {step: min(one[step] for one in rounds) for step in rounds[0]}
    print(f"{megabytes:.1f} MB of text;", found)
    for step, seconds in best.items():
        print(f"{step:>16} {seconds:7.3f} CPU s {megabytes / seconds:10.0f} MB/s")
    signing = best["shingle"] + best["bands"]
    whole = sum(best.values()) - best["languages"] - best["word counts"]
    print(f"shingle + bands  {megabytes / signing:.0f} MB/s")
    print(
        f"near-duplicates  {megabytes / whole:.0f} MB/s, without languages and counts"
    )


def edit(text: str, random_: random.Random) -> str:
    """Change a text in one of the ways in which near-duplicates differ."""
    words = text.split()
    kind = random_.choice(["replace", "delete", "truncate", "append", "format"])
    share = random_.choice([0.002, 0.01, 0.03, 0.06])
    if kind == "format":
        return "\n\n".join(words).upper().replace(",", ";")
    if kind == "truncate":
        return " ".join(words[: max(1, int(len(words) * (1 - 4 * share)))])
    if kind == "append":
        return text + " boilerplate number" * max(1, int(len(words) * share))
    for place in random_.sample(range(len(words)), max(1, int(len(words) * share))):
        words[place] = "" if kind == "delete" else f"edit{random_.randrange(10**6)}"
    return " ".join(words)


def report_recall(texts: list[str]) -> None:
    """Print the share of planted pairs that become candidates, by exact Jaccard."""
    random_ = random.Random(CONFIG.seed)  # noqa: S311
    long = [text for text in texts if len(text.split()) >= 30]  # noqa: PLR2004
    originals = random_.sample(long, min(PLANTED, len(long)))
    edited = [edit(text, random_) for text in originals]
    array = normalise(pa.array(originals + edited, pa.string()))
    sets = shingle_sets(array, CONFIG.ngram)
    count = len(originals)
    left, right = np.arange(count), np.arange(count, 2 * count)
    starts, ends = sets.offsets[:-1], sets.offsets[1:]
    similarity = jaccard(sets.values, starts, ends, left, right)
    bands = band_hashes(sets, CONFIG).hashes
    found = (bands[:count] == bands[count:]).any(axis=1)
    print(f"\n{count} planted pairs; theory is the mean of the capture curve")
    for low, high in pairwise(EDGES):
        here = (similarity >= low) & (similarity < high)
        curve = [
            capture_probability(value, CONFIG.bands, CONFIG.rows)
            for value in similarity[here]
        ]
        if curve:
            print(
                f"J {low:.2f}-{min(high, 1):.2f} {here.sum():6d} pairs  "
                f"recall {found[here].mean():.4f}  theory {np.mean(curve):.4f}"
            )


def report_scale() -> None:
    """Print the cost of matching against the number of entries, and one hot key."""
    generator = np.random.default_rng(CONFIG.seed)
    print("\nmatching")
    cases: list[tuple[str, Any]] = [
        (f"{size:,} entries, a tenth shared", generator.integers(0, 9 * size, size))
        for size in (500_000, 1_000_000, 2_000_000, 5_000_000)
    ]
    cases.append(("1,000,000 copies of one key", np.zeros(1_000_000)))
    for name, keys in cases:
        ranks = generator.permutation(len(keys)).astype(np.uint32)
        meter = Meter()
        pairs = meter("match", partial(candidate_pairs, keys.astype(np.uint64), ranks))
        print(f"{name:>36} {meter.seconds['match']:7.3f} CPU s {len(pairs):12,} pairs")


def main() -> None:
    """Measure all three."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    files = sorted(folder.glob("*.parquet"))
    if not files:
        print(f"no Parquet files in {folder}; name a folder that has some")
        return
    tables = [pq.read_table(file, columns=["text"]) for file in files]
    texts = pa.concat_tables(tables)["text"].combine_chunks()
    batches = [texts[at : at + BATCH] for at in range(0, len(texts), BATCH)]
    report_speed(batches)
    report_recall(texts.to_pylist())
    report_scale()


if __name__ == "__main__":
    main()
