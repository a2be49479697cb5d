"""Concept erasure: speed and memory, agreement with a peer, and what baselines leave.

Three parts, each by its name with `--only`:

- `speed`: sums of a million vectors of 384 values, read shard by shard, then the eraser
  and its application; CPU seconds of one thread, and the peak of memory.
- `agreement`: the largest difference to `concept-erasure` (PyPI, `pip install
  concept-erasure`) without its shrinkage and its bound on the trace.
- `methods`: LEACE beside INLP (Ravfogel et al. 2020) and SentenceDebias (Liang et al.
  2020) on MiniLM vectors of real texts; all of them are fitted on one half of the
  documents and judged on the other half.

    OMP_NUM_THREADS=1 python benchmarks/erasure.py --corpus FOLDER
"""

from __future__ import annotations

import argparse
import importlib
import re
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from isinglass.schemas.config import EncodeConfig
from isinglass.schemas.config.demographics import DemographicsConfig
from isinglass.transforms.demographics.counts import count_mentions
from isinglass.transforms.demographics.lexicon import load_lexicons
from isinglass.transforms.encode.encoder.encoder import load_encoder
from isinglass.transforms.encode.outputs.readers import read_embeddings
from isinglass.transforms.encode.outputs.rows import embeddings_batch, storage_of
from isinglass.transforms.encode.tokenizers.tokenizer import load_tokenizer
from isinglass.transforms.leace.eraser import finish
from isinglass.transforms.leace.moments import add, create
from isinglass.transforms.statistics.probes import (
    fit_logistic,
    neighbour_recall,
    predict,
    probe,
)
from isinglass.transforms.write import TableWriter

DEFAULT_CORPUS = Path(__file__).parents[2] / "shared" / "data" / "corpus"
ROWS, SHARD, WIDTH = 1_000_000, 20_000, 384
CHARACTERS, MOST_TOKENS = 250, 64
SHARES = (0.2, 0.35)
INLP_ROUNDS = 20
PAIRS = (
    "he she,him her,his her,himself herself,man woman,men women,boy girl,boys girls,"
    "father mother,son daughter,brother sister,husband wife,king queen,uncle aunt,"
    "mr mrs,sir madam,gentleman lady,gentlemen ladies,male female,prince princess"
)

Matrix = NDArray[Any]
Map = Callable[[Matrix], Matrix]


def made_up(shard: int, rows: int = SHARD) -> tuple[Matrix, Matrix]:
    """Unit vectors with two labels in them, as an encoder gives them."""
    chosen = np.random.default_rng(shard)
    mixing = np.random.default_rng(10**6)
    decay = np.geomspace(1, 0.02, WIDTH)
    turn = np.linalg.qr(mixing.normal(size=(WIDTH, WIDTH)))[0]
    means = mixing.normal(size=(len(SHARES), WIDTH))
    labels = chosen.random((rows, len(SHARES))) < SHARES
    vectors = (chosen.normal(size=(rows, WIDTH)) * decay) @ turn + labels @ means * 0.2
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), labels


def speed() -> None:
    """Print what a million vectors cost, read from files as a pass reads them."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.parquet" for number in range(4)]
        labels = [_write(path, number) for number, path in enumerate(paths)]
        sums, fold, marks = create(), 0.0, []
        tracemalloc.start()
        for number in range(ROWS // SHARD):
            start = time.process_time()
            _, vectors = read_embeddings(paths[number % 4])
            sums = add(sums, vectors, labels[number % 4])
            fold += time.process_time() - start
            if number in {4, ROWS // SHARD - 1}:
                marks.append(tracemalloc.get_traced_memory()[1] / 2**20)
        tracemalloc.stop()
        start = time.process_time()
        eraser = finish(sums)
        ended = time.process_time() - start
        start = time.process_time()
        for number in range(ROWS // SHARD):
            eraser.apply(read_embeddings(paths[number % 4])[1])
        applied = time.process_time() - start
    print(f"read and sums of {sums.rows:,} x {WIDTH}: {fold:.1f} CPU s")
    print(f"eraser of rank {eraser.rank}: {ended:.2f} CPU s", end="; ")
    print(f"read and map: {applied:.1f} CPU s")
    print(f"peak: {marks[0]:.0f} MB after 100,000 rows", end=", ")
    print(f"{marks[1]:.0f} MB after all; a shard has {SHARD * WIDTH * 4 / 2**20:.0f}")


def _write(path: Path, number: int) -> Matrix:
    """A file of `embeddings/`; returns the labels of its rows."""
    vectors, labels = made_up(number)
    ids = pa.array([f"{row:032x}" for row in range(SHARD)])
    batch = embeddings_batch(ids, vectors)
    writer = TableWriter(path, batch.schema, storage=storage_of("float32"))
    for start in range(0, SHARD, 4096):
        writer.write(batch.slice(start, 4096))
    writer.finish()
    return labels


def agreement() -> None:
    """Print the largest difference to the peer."""
    import torch  # noqa: PLC0415  (of this part alone)

    fitter = importlib.import_module("concept_erasure").LeaceFitter

    vectors, labels = made_up(0)
    eraser = finish(add(create(), vectors, labels))
    x, z = (torch.tensor(part, dtype=torch.float64) for part in (vectors, labels))
    settings: dict[str, Any] = {"shrinkage": False, "constrain_cov_trace": False}
    start = time.process_time()
    fitted = fitter.fit(x, z, **settings)
    theirs = fitted.eraser(x).numpy()
    spent = time.process_time() - start
    start = time.process_time()
    ours = finish(add(create(), vectors, labels)).apply(vectors.astype(np.float64))
    own = time.process_time() - start
    apart = np.abs(ours - theirs).max()
    print(f"greatest difference over {len(ours):,} vectors: {apart:.1e}")
    print(f"CPU s: ours {own:.2f}, theirs {spent:.2f}; rank {eraser.rank}")
    left = add(create(), ours.astype(np.float32), labels).covariances
    print(f"greatest covariance: ours {np.abs(left).max():.1e}", end=", ")
    left = add(create(), theirs.astype(np.float32), labels).covariances
    print(f"theirs {np.abs(left).max():.1e}")
    for place in range(labels.shape[1]):
        rate = max(labels[:, place].mean(), 1 - labels[:, place].mean())
        told = predict(fit_logistic(ours, labels[:, place]), ours) == labels[:, place]
        print(f"linear probe on the fit set: {told.mean():.4f}, majority {rate:.4f}")


class Texts(NamedTuple):
    """Vectors (n, d) of texts, which groups they mention (n, 2), and of swapped texts.

    `swapped` are vectors of those `mentioning` with the words of pairs exchanged.
    """

    vectors: Matrix
    labels: Matrix
    mentioning: Matrix
    swapped: Matrix


def read_texts(corpus: Path, most: int) -> Texts:
    """Encode the beginnings of documents, half of them with a mention."""
    tables = (pq.read_table(p, columns=["text"]) for p in corpus.glob("*.parquet"))
    whole = pa.concat_tables(tables)["text"].to_pylist()
    texts = sorted({text[:CHARACTERS] for text in whole})
    np.random.default_rng(0).shuffle(texts)
    lexicons = load_lexicons(DemographicsConfig(axes=("gender",)))
    columns = [lexicons.groups.index(("gender", name)) for name in ("female", "male")]
    languages = pa.array(["en"] * len(texts))
    found, _ = count_mentions(pa.array(texts), languages, lexicons)
    labels = found.dense(columns, firm=True) > 0
    told = labels.any(axis=1)
    each = min(most // 2, int(told.sum()))
    rows = np.sort(
        np.concatenate([np.flatnonzero(told)[:each], np.flatnonzero(~told)[:each]])
    )
    texts, labels = [texts[row] for row in rows], labels[rows]
    mentioning = np.flatnonzero(labels.any(axis=1))
    swapped = [_swap(texts[row]) for row in mentioning]
    return Texts(_encode(texts), labels, mentioning, _encode(swapped))


def _swap(text: str) -> str:
    other: dict[str, str] = {}
    for one, two in (pair.split() for pair in PAIRS.split(",")):
        other.setdefault(one, two)
        other.setdefault(two, one)
    return re.sub(r"\w+", lambda m: other.get(m[0].lower(), m[0]), text)


def _encode(texts: list[str]) -> Matrix:
    config = EncodeConfig(max_tokens=MOST_TOKENS, device="cpu", precision="float32")
    tokens = load_tokenizer(config).encode(pa.array(texts))
    return load_encoder(config).encode(tokens)


def leace(texts: Texts, fit: Matrix) -> tuple[Map, int]:
    """As a run does it."""
    eraser = finish(add(create(), texts.vectors[fit], texts.labels[fit]))
    return eraser.apply, eraser.rank


def inlp(texts: Texts, fit: Matrix) -> tuple[Map, int]:
    """Remove the direction of a linear classifier of each group, again and again."""
    width = texts.vectors.shape[1]
    basis = np.zeros((width, 0))
    for number in range(INLP_ROUNDS):
        left = texts.vectors[fit] - texts.vectors[fit] @ basis @ basis.T
        label = texts.labels[fit][:, number % 2]
        fitted = fit_logistic(left, label)
        direction = fitted.weights / fitted.scale
        direction -= basis @ (basis.T @ direction)
        direction /= np.linalg.norm(direction)
        basis = np.column_stack([basis, direction])
    return (lambda some: some - some @ basis @ basis.T), INLP_ROUNDS


def sentence_debias(texts: Texts, fit: Matrix) -> tuple[Map, int]:
    """Subtract the first direction of differences of texts and their swapped texts."""
    inside = np.isin(texts.mentioning, fit)
    pairs = texts.vectors[texts.mentioning[inside]] - texts.swapped[inside]
    basis = np.linalg.svd(pairs, full_matrices=False)[2][:1].T
    return (lambda some: some - some @ basis @ basis.T), 1


def methods(corpus: Path, most: int) -> None:
    """Print a row for each method."""
    texts = read_texts(corpus, most)
    half = np.random.default_rng(1).permutation(len(texts.vectors))
    fit, rest = half[: len(half) // 2], half[len(half) // 2 :]
    print(f"{len(fit):,} texts to fit on, {len(rest):,} to judge by", end="; ")
    print(f"mentions {texts.labels[rest].sum(axis=0).tolist()} (female, male)")
    print("| method | dimensions | covariance, fit set | female | male", end=" | ")
    print("neighbours female | male | recall@10 | variance taken | CPU s |")
    for name, make in (
        ("none", lambda *_: ((lambda some: some), 0)),
        ("LEACE", leace),
        ("INLP", inlp),
        ("SentenceDebias", sentence_debias),
    ):
        start = time.process_time()
        erase, rank = make(texts, fit)
        spent = time.process_time() - start
        _print_row(name, rank, texts, erase, (fit, rest), spent)


def _print_row(
    name: str,
    rank: int,
    texts: Texts,
    erase: Map,
    halves: tuple[Matrix, Matrix],
    spent: float,
) -> None:
    fit, rest = halves
    before, after = texts.vectors[rest], erase(texts.vectors[rest])
    inside = add(create(), erase(texts.vectors[fit]), texts.labels[fit])
    told = [probe(after, texts.labels[rest][:, place]) for place in (0, 1)]
    kept, of = neighbour_recall(before, after, 1000)
    moved = np.square(after - before).sum() / np.square(before - before.mean(0)).sum()
    shares = [one.linear / one.rows for one in told if one]
    shares += [one.nearest / one.rows for one in told if one]
    cells = [
        name,
        str(rank),
        f"{np.abs(inside.covariances).max():.1e}",
        *(f"{share:.3f}" for share in shares),
        f"{kept / of:.3f}",
        f"{moved:.4f}",
        f"{spent:.1f}",
    ]
    print("| " + " | ".join(cells) + " |")


def main() -> int:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--corpus", type=Path, default=DEFAULT_CORPUS)
    parser.add_argument("--documents", type=int, default=8000)
    parser.add_argument("--only", choices=("speed", "agreement", "methods"))
    asked = parser.parse_args()
    if asked.only in {None, "speed"}:
        speed()
    if asked.only in {None, "agreement"}:
        agreement()
    if asked.only in {None, "methods"}:
        methods(asked.corpus, asked.documents)
    return 0


if __name__ == "__main__":
    sys.exit(main())
