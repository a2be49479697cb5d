"""Vectors against their documents; some are made again from their texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.pipelines.engine.workspace import (
    exists,
    read_table,
    table_rows,
    table_schema,
)
from isinglass.pipelines.proof.check import Check, FinishedRun, conclude
from isinglass.pipelines.stages.encode.work import tokenise
from isinglass.schemas.arrays import Integers
from isinglass.schemas.config import EncodeConfig
from isinglass.schemas.errors import InputError, RefuseError
from isinglass.transforms.batches import one_batch
from isinglass.transforms.encode.encoder.encoder import Encoder, load_encoder
from isinglass.transforms.encode.models.check import check_models
from isinglass.transforms.encode.outputs.readers import (
    read_embeddings,
    read_hidden_states,
)
from isinglass.transforms.encode.tokenizers.batch import TokenBatch, take_rows
from isinglass.transforms.encode.tokenizers.tokenizer import Tokenizer, load_tokenizer

UNIT_LENGTH_TOLERANCE = 1e-3


def check_vectors(run: FinishedRun) -> list[Check]:
    """Vectors and hidden states, some of them made again from their texts."""
    if not run.paths("embeddings"):
        return [Check("embeddings", "skipped", "no embeddings were written")]
    again = encode_again(run)
    checks = [check_embeddings(run, again)]
    if run.paths("hidden_states"):
        checks.append(check_hidden_states(run, again))
    return checks


def check_embeddings(run: FinishedRun, again: Sampled) -> Check:
    """One finite vector a row, in order, of unit length where that was asked for."""
    config = run.config.encode
    assert config is not None
    faults, seen = list(again.faults["embeddings"]), 0
    for path in run.paths("embeddings"):
        name = f"embeddings/{path.stem}"
        if not follows(run, path):
            faults.append(f"{name} does not follow data/{path.stem}")
        _, matrix = read_embeddings(path)
        seen += len(matrix)
        wide = matrix.astype(np.float32)
        if not np.isfinite(wide).all():
            faults.append(f"{name} holds a value that is not finite")
        lengths = np.linalg.norm(wide, axis=1)
        off = np.abs(lengths - 1) > UNIT_LENGTH_TOLERANCE
        if not config.special_tokens:  # a document may have no token at all
            off &= lengths > 0
        if config.normalise and off.any():
            faults.append(f"{name} holds a vector not of unit length")
    said = again.why or f"{again.rows} of them made again from their texts"
    return conclude("embeddings", faults, f"{seen:,} vectors; {said}")


def check_hidden_states(run: FinishedRun, again: Sampled) -> Check:
    """A finite vector for each token that the encoder saw, row by row."""
    faults, seen = list(again.faults["hidden_states"]), 0
    for path in run.paths("hidden_states"):
        name = f"hidden_states/{path.stem}"
        if not follows(run, path):
            faults.append(f"{name} does not follow data/{path.stem}")
        told = read_table(path, ["n_tokens"])["n_tokens"].to_numpy()
        try:
            sizes = []
            for _, matrix in read_hidden_states(path):
                sizes.append(len(matrix))
                if not np.isfinite(matrix).all():
                    faults.append(f"{name} holds a value that is not finite")
                    break
        except InputError:
            faults.append(f"{name} cannot be read")
            continue
        seen += sum(sizes)
        if not np.array_equal(sizes, told) or not _as_seen(run, path.stem, told):
            faults.append(f"{name} has other numbers of tokens than tokens/")
    return conclude("hidden states", faults, f"{seen:,} vectors of tokens")


def follows(run: FinishedRun, path: Path) -> bool:
    """Whether the rows are the documents of `data/`, in order, or their windows."""
    names = table_schema(path).names
    windowed = "window" in names
    table = read_table(path, ["doc_id", *(["window"] if windowed else [])])
    if windowed:
        table = table.filter(pc.equal(table["window"], 0))
    data = run.read("data", path.stem, ["doc_id"])
    return data is not None and bool(table["doc_id"].equals(data["doc_id"]))


def _as_seen(run: FinishedRun, shard: str, told: NDArray[np.int32]) -> bool:
    """Whether the counts are those of `tokens/`, cut to what the encoder sees."""
    tokens = run.read("tokens", shard, ["n_tokens"])
    config = run.config.encode
    if tokens is None or config is None:
        return True
    seen = np.minimum(tokens["n_tokens"].to_numpy(), config.max_tokens)
    return np.array_equal(seen, told)


MOST_ROWS, MOST_TOKENS = 64, 4096
"""Encoded again at most, evenly spread: a second on one core."""
EXACT, ROUNDED = 2e-3, 0.1
"""Greatest length of a difference, by that of the vector: for float32 on a CPU, stored
as float16 or not; and for less, where a cosine of 0.9995 is a difference of 0.03."""


@dataclass
class Sampled:
    """What came of encoding again.

    Of so many rows those not of their texts are faults of `embeddings/` or
    `hidden_states/`; `why` says why nothing was encoded again, if so.
    """

    rows: int = 0
    faults: dict[str, list[str]] = field(
        default_factory=lambda: {"embeddings": [], "hidden_states": []}
    )
    why: str = ""


def encode_again(run: FinishedRun) -> Sampled:
    """Encode a sample of the rows of `embeddings/` from their texts, on the CPU."""
    config, told = run.config.encode, run.manifest.encode
    if config is None or told is None or told.encoder is None:
        return Sampled(why="no vectors were written")
    here = {"tokenizer_backend": "reference", "device": "cpu", "precision": "float32"}
    settings = config.model_copy(update=here)
    try:
        known = {(model.role, model.sha256) for model in run.manifest.models}
        for file in check_models(settings):
            if (file.role, file.sha256) not in known:
                other = "tokenizer" if file.role == "tokenizer" else "model"
                return Sampled(why=f"the {other} here is another one")
        tokenizer, encoder = load_tokenizer(settings), load_encoder(settings)
    except RefuseError as error:
        return Sampled(why=str(error))
    exact = {*told.encoder.devices, *told.encoder.precision} <= {"cpu", "float32"}
    found = Sampled()
    for path, rows in _chosen(run, config):
        tokens = _tokens(run, path, rows, tokenizer)
        if tokens is None:
            continue
        tolerance = EXACT if exact else ROUNDED
        for table in _differing(run, path, rows, tokens, encoder, tolerance):
            found.faults[table].append(f"{table}/{path.stem} is not of its texts")
        found.rows += len(rows)
    return found


def _chosen(run: FinishedRun, config: EncodeConfig) -> Iterator[tuple[Path, Integers]]:
    """Rows of each file that are encoded again, evenly spread over all files."""
    paths = run.paths("embeddings")
    ends = np.cumsum([0, *map(table_rows, paths)])
    count = min(MOST_ROWS, max(4, MOST_TOKENS // config.max_tokens), ends[-1])
    chosen = np.unique(np.linspace(0, ends[-1] - 1, count).astype(np.int64))
    for path, start, stop in zip(paths, ends[:-1], ends[1:], strict=True):
        rows = chosen[(chosen >= start) & (chosen < stop)] - start
        if len(rows):
            yield path, rows


def _tokens(
    run: FinishedRun, path: Path, rows: Integers, tokenizer: Tokenizer
) -> TokenBatch | None:
    """Ids of some rows of a file, made from `data/`; None where it has no such rows."""
    config = run.config.encode
    assert config is not None
    places, windows = rows, np.zeros(len(rows), np.int64)
    if config.windows == "window":
        every = read_table(path, ["window"])["window"].to_numpy()
        places = (np.cumsum(every == 0) - 1)[rows]
        windows = every[rows]
    needed, which = np.unique(places, return_inverse=True)
    data = run.read("data", path.stem, ["doc_id", "text"])
    if data is None or needed[0] < 0 or needed[-1] >= data.num_rows:
        return None
    made = tokenise(config, tokenizer, one_batch(data.take(pa.array(needed))))
    if made.documents is None:
        return take_rows(made.rows, which)
    firsts = np.searchsorted(made.documents, which)
    last = len(made.rows.lengths) - 1
    return take_rows(made.rows, np.minimum(firsts + windows, last))


def _differing(
    run: FinishedRun,
    path: Path,
    rows: Integers,
    tokens: TokenBatch,
    encoder: Encoder,
    tolerance: float,
) -> list[str]:
    """Tables of which a row is not what the encoder makes of its ids."""
    hidden = run.folder / "hidden_states" / path.name
    (again,) = encoder.run([tokens], hidden=exists(hidden))
    _, matrix = read_embeddings(path)
    differing = []
    if not _alike(matrix[rows], again.vectors, tolerance):
        differing.append("embeddings")
    if again.hidden is None:
        return differing
    wanted = {row: place for place, row in enumerate(rows.tolist())}
    seen = 0
    for row, (_, states) in enumerate(read_hidden_states(hidden)):
        if row in wanted:
            start, stop = again.offsets[wanted[row] : wanted[row] + 2]
            seen += _alike(states, again.hidden[start:stop], tolerance)
    return differing if seen == len(rows) else [*differing, "hidden_states"]


def _alike(
    found: NDArray[np.floating], expected: NDArray[np.floating], tolerance: float
) -> bool:
    if found.shape != expected.shape:
        return False
    wide = expected.astype(np.float64)
    off = np.linalg.norm(found.astype(np.float64) - wide, axis=1)
    most = tolerance * np.linalg.norm(wide, axis=1)
    return bool((off <= most + np.finfo(np.float16).tiny).all())
