"""Ids, and every file that is made of them, against the texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from isinglass.pipelines.proof.check import Check, conclude
from isinglass.pipelines.stages.encode.work import tokenise
from isinglass.pipelines.stages.encode.writing import Tokenised, find_ends, token_rows
from isinglass.schemas.errors import InputError, RefuseError
from isinglass.transforms.batches import one_batch
from isinglass.transforms.encode.outputs.readers import read_megatron
from isinglass.transforms.encode.outputs.tokens import with_end
from isinglass.transforms.encode.settings import settings_of
from isinglass.transforms.encode.tokenizers.tokenizer import load_tokenizer

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from isinglass.pipelines.proof.check import FinishedRun
    from isinglass.transforms.encode.tokenizers.batch import TokenBatch

OTHER_TOKENIZER = "the tokenizer here is another one than the manifest's"


def check_tokens(run: FinishedRun) -> list[Check]:
    """Tokenise every text again, by the reference, and compare all files of ids."""
    config = run.config.encode
    made = {name for name in ("tokens", "packed", "megatron") if run.paths(name)}
    if not made or config is None:
        return [Check("tokens", "skipped", "no tokens were written")]
    sure = settings_of(config.model_copy(update={"tokenizer_backend": "reference"}))
    try:
        tokenizer = load_tokenizer(sure)
        told = {m.sha256 for m in run.manifest.models if m.role == "tokenizer"}
        other = "" if tokenizer.sha256 in told else OTHER_TOKENIZER
    except RefuseError as error:
        other = str(error)
    if other:
        return [Check(name, "skipped", other) for name in sorted(made)]
    ends = find_ends(config, tokenizer)
    faults: dict[str, list[str]] = {name: [] for name in sorted(made)}
    seen = long = 0
    for shard, data in run.each("data", ["doc_id", "text"]):
        ids = tokenise(config, tokenizer, one_batch(data))
        seen += int(ids.rows.offsets[-1])
        long += ids.truncated
        for name in faults:
            faults[name] += _faults(run, name, shard, ids, ends)
    summary = run.manifest.encode
    if summary is not None and summary.truncated_documents != long:
        name = next(iter(faults))
        faults[name].append(f"{long} documents are too long for the encoder")
    said = {
        "tokens": f"{seen:,} ids equal those of the texts",
        "packed": "every document can be put together again",
        "megatron": "sequences equal the ids of the texts",
    }
    return [conclude(name, found, said[name]) for name, found in faults.items()]


def _faults(
    run: FinishedRun,
    name: str,
    shard: str,
    ids: Tokenised,
    ends: dict[str, int | None],
) -> list[str]:
    """What is wrong with a file that is made of the ids of a shard, if anything."""
    config = run.config.encode
    assert config is not None
    if name == "packed":
        fault = _packed_fault(run, shard, ids.doc_ids, with_end(ids.whole, ends[name]))
        return [f"packed/{shard}: {fault}"] if fault else []
    if name == "megatron":
        same = _same_megatron(run, shard, with_end(ids.whole, ends[name]))
    else:
        found = run.read(name, shard)
        same = found is not None and one_batch(found).equals(token_rows(ids, config))
    return [] if same else [f"{name}/{shard} differs from its texts"]


def _packed_fault(
    run: FinishedRun, shard: str, doc_ids: pa.StringArray, whole: TokenBatch
) -> str:
    """What is wrong with the packed rows of a shard; empty if nothing is."""
    table, config = run.read("packed", shard), run.config.encode
    assert table is not None
    assert config is not None
    assert config.packed is not None
    rows = one_batch(table)
    sizes = _flat(rows, "seq_lens")
    starts = np.cumsum(sizes) - sizes
    inside = np.arange(int(sizes.sum())) - np.repeat(starts, sizes)
    fault = _row_fault(rows, config.packed.length)
    if fault:
        return fault
    if not np.array_equal(_flat(rows, "position_ids"), inside):
        return "position_ids do not begin at 0 in each piece"
    owners = pc.index_in(rows.column("doc_ids").flatten(), doc_ids)
    if owners.null_count:
        return "it holds a document that is not in its texts"
    places = whole.offsets[owners.to_numpy()] + _flat(rows, "starts")
    index = np.repeat(places, sizes) + inside
    counted = np.bincount(index, minlength=len(whole.values))
    if len(counted) > len(whole.values) or not (counted == 1).all():
        return "a token of the texts is missing, or is there twice"
    same = np.array_equal(whole.values[index], _flat(rows, "input_ids"))
    return "" if same else "its ids differ from those of the texts"


def _row_fault(rows: pa.RecordBatch, length: int) -> str:
    """Whether rows are too long, or are not the sum of their pieces."""
    totals = pc.list_value_length(rows.column("input_ids")).to_numpy()
    pieces = pc.list_value_length(rows.column("seq_lens")).to_numpy()
    if totals.max(initial=0) > length:
        return f"a row has {totals.max()} tokens"
    ends = np.append(0, np.cumsum(_flat(rows, "seq_lens")))
    edges = ends[np.append(0, np.cumsum(pieces))]
    same = np.array_equal(np.diff(edges), totals)
    return "" if same else "seq_lens do not add up to the rows"


def _flat(rows: pa.RecordBatch, name: str) -> NDArray[np.int64]:
    values: NDArray[np.int64] = rows.column(name).flatten().to_numpy().astype(np.int64)
    return values


def _same_megatron(run: FinishedRun, shard: str, whole: TokenBatch) -> bool:
    try:
        data = read_megatron(run.folder / "megatron" / shard)
    except InputError:
        return False
    ends = np.append(0, np.cumsum(data.lengths))
    if data.borders.min() < 0 or data.borders.max() >= len(ends):
        return False
    same = np.array_equal(ends[data.borders], whole.offsets)
    return same and all(
        np.array_equal(data[row], whole.values[start:stop])
        for row, (start, stop) in enumerate(
            zip(whole.offsets[:-1], whole.offsets[1:], strict=True)
        )
    )
