"""Ids, and every file that is made of them, against the texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from isinglass.pipelines.proof.check import Check, conclude
from isinglass.pipelines.stages.encode.work import tokenise
from isinglass.pipelines.stages.encode.writing import Tokenised, find_ends
from isinglass.schemas.errors import InputError, RefuseError
from isinglass.transforms.batches import one_batch
from isinglass.transforms.encode.outputs.readers import read_megatron
from isinglass.transforms.encode.outputs.tokens import tokens_batch, with_end
from isinglass.transforms.encode.settings import settings_of
from isinglass.transforms.encode.tokenizers.tokenizer import Tokenizer, load_tokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

    from isinglass.pipelines.proof.check import FinishedRun
    from isinglass.schemas.config import EncodeConfig
    from isinglass.transforms.encode.tokenizers.batch import TokenBatch

OTHER_TOKENIZER = "the tokenizer here is another one than the manifest's"

Shard = tuple[str, "pa.Table"]


def check_tokens(run: FinishedRun) -> list[Check]:
    """Tokenise every text again, by the reference, and compare all files of ids."""
    config = run.config.encode
    made = {name for name in ("tokens", "packed", "megatron") if run.paths(name)}
    if not made or config is None:
        return [Check("tokens", "skipped", "no tokens were written")]
    sure = settings_of(config.model_copy(update={"tokenizer_backend": "reference"}))
    try:
        tokenizer = load_tokenizer(sure)
        other = "" if _is_told_of(run, tokenizer) else OTHER_TOKENIZER
    except RefuseError as error:
        other = str(error)
    if other:
        return [Check(name, "skipped", other) for name in sorted(made)]
    ends = find_ends(config, tokenizer)
    faults: dict[str, list[str]] = {name: [] for name in sorted(made)}
    seen = long = 0
    for shard, ids in _again(run, config, tokenizer):
        seen += int(ids.rows.offsets[-1])
        long += ids.truncated
        if "tokens" in made and not _same_rows(run, config, shard, ids):
            faults["tokens"].append(f"tokens/{shard} differs from its texts")
        if "packed" in made:
            whole = with_end(ids.whole, ends["packed"])
            found = _packed_fault(run, shard, ids.doc_ids, whole)
            faults["packed"] += [f"packed/{shard}: {found}"] if found else []
        if "megatron" in made:
            whole = with_end(ids.whole, ends["megatron"])
            if not _same_megatron(run, shard, whole):
                faults["megatron"].append(f"megatron/{shard} differs from its texts")
    told = run.manifest.encode
    if told is not None and told.truncated_documents != long:
        name = next(iter(faults))
        faults[name].append(f"{long} documents are too long for the encoder")
    said = {
        "tokens": f"{seen:,} ids equal those of the texts",
        "packed": "every document can be put together again",
        "megatron": "sequences equal the ids of the texts",
    }
    return [conclude(name, found, said[name]) for name, found in faults.items()]


def _is_told_of(run: FinishedRun, tokenizer: Tokenizer) -> bool:
    told = {model.sha256 for model in run.manifest.models if model.role == "tokenizer"}
    return tokenizer.sha256 in told


def _again(
    run: FinishedRun, config: EncodeConfig, tokenizer: Tokenizer
) -> Iterator[tuple[str, Tokenised]]:
    """The ids of every shard, made again from `data/`."""
    for shard, data in run.each("data", ["doc_id", "text"]):
        yield shard, tokenise(config, tokenizer, one_batch(data))


def _same_rows(
    run: FinishedRun, config: EncodeConfig, shard: str, ids: Tokenised
) -> bool:
    expected = tokens_batch(
        ids.doc_ids,
        ids.rows,
        documents=ids.documents,
        masks=config.masks,
        word_ids=ids.words,
    )
    found = run.read("tokens", shard)
    return found is not None and one_batch(found).equals(expected)


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
