"""Token ids and vectors: there as asked for, counted alike, and those of the texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.pipelines.engine.workspace import table_rows
from isinglass.pipelines.proof.check import COUNTS, Check, FinishedRun, conclude
from isinglass.pipelines.stage import Written
from isinglass.pipelines.stages.encode.proof_vectors import check_vectors
from isinglass.pipelines.stages.encode.work import tokenise
from isinglass.pipelines.stages.encode.writing import (
    Tokenised,
    find_ends,
    table_schemas,
    token_rows,
)
from isinglass.schemas.errors import InputError, RefuseError
from isinglass.transforms.batches import one_batch
from isinglass.transforms.encode.outputs.readers import read_megatron
from isinglass.transforms.encode.outputs.rows import with_end
from isinglass.transforms.encode.tokenizers.tokenizer import load_tokenizer

if TYPE_CHECKING:
    from isinglass.transforms.encode.tokenizers.batch import TokenBatch

_ENCODING = ("run", "encode")


def encodes(run: FinishedRun) -> bool:
    """Whether the run was to encode its texts."""
    return run.config.encode is not None and run.manifest.verb in _ENCODING


def written(run: FinishedRun) -> Written:
    """Tables and files of each shard; a summary, if there are shards at all."""
    asked = encodes(run)
    faults = []
    if (run.manifest.encode is not None) != (asked and bool(run.shards())):
        faults.append("the manifest's encode does not follow from its config and verb")
    files = _files(run) if asked else {}
    return Written(files, faults)


def _files(run: FinishedRun) -> dict[str, pa.Schema | None]:
    """Schemas depend on the settings and on the model."""
    config, summary = run.config.encode, run.manifest.encode
    assert config is not None
    schemas = table_schemas(config, summary.dimensions if summary else 0)
    files: dict[str, pa.Schema | None] = {
        f"{name}/{{shard}}.parquet": schema for name, schema in schemas.items()
    }
    if config.megatron is not None:
        files |= dict.fromkeys(("megatron/{shard}.bin", "megatron/{shard}.idx"))
    return files


def prove(run: FinishedRun) -> list[Check]:
    """Counts of the manifest, files of ids, vectors and hidden states."""
    counts = conclude(COUNTS, _count_faults(run), "")
    return [counts, *check_tokens(run), *check_vectors(run)]


def _count_faults(run: FinishedRun) -> list[str]:
    """Numbers of the manifest's `encode` that the files do not bear out."""
    told = run.manifest.encode
    if told is None:
        return []
    faults = []
    if told.documents != run.manifest.records.kept:
        faults.append("encode and records count different documents")
    counted = {
        "tokens": (_sum(run, "tokens", "n_tokens"), told.tokens),
        "rows of tokens": (_rows(run, "tokens"), told.rows),
        "rows of embeddings": (_rows(run, "embeddings"), told.rows),
        "hidden states": (_sum(run, "hidden_states", "n_tokens"), told.hidden_states),
    }
    if told.packed is not None:
        tokens = sum(
            pc.sum(pc.list_value_length(table["input_ids"])).as_py() or 0
            for _, table in run.each("packed", ["input_ids"])
        )
        places = told.packed.rows * told.packed.length
        counted["packed rows"] = (_rows(run, "packed"), told.packed.rows)
        counted["packed tokens"] = (tokens, told.packed.tokens)
        if not np.isclose(told.packed.fill * places, told.packed.tokens):
            faults.append("the fill of packed rows is not their tokens by places")
    if told.megatron is not None:
        sequences, ids = _megatron(run)
        counted["Megatron sequences"] = (sequences, told.megatron.sequences)
        counted["Megatron tokens"] = (ids, told.megatron.tokens)
    faults += [
        f"encode and its files count different {what}: {said} and {found}"
        for what, (found, said) in counted.items()
        if found is not None and found != said
    ]
    return faults


def _rows(run: FinishedRun, table: str) -> int | None:
    paths = run.paths(table)
    return sum(map(table_rows, paths)) if paths else None


def _sum(run: FinishedRun, table: str, column: str) -> int | None:
    sums = [pc.sum(t[column]).as_py() or 0 for _, t in run.each(table, [column])]
    return sum(sums) if sums else None


def _megatron(run: FinishedRun) -> tuple[int, int]:
    """Documents and tokens of all pairs of files; none of a pair that is damaged."""
    documents = tokens = 0
    for path in run.paths("megatron"):
        if path.suffix != ".idx":
            continue
        try:
            data = read_megatron(path.with_suffix(""))
        except InputError:
            continue
        documents += len(data)
        tokens += int(data.lengths.sum(dtype=np.int64))
    return documents, tokens


OTHER_TOKENIZER = "the tokenizer here is another one than the manifest's"


def check_tokens(run: FinishedRun) -> list[Check]:
    """Tokenise every text again, by the reference, and compare all files of ids."""
    config = run.config.encode
    made = {name for name in ("tokens", "packed", "megatron") if run.paths(name)}
    if not made or config is None:
        return [Check("tokens", "skipped", "no tokens were written")]
    sure = config.model_copy(update={"tokenizer_backend": "reference"})
    try:
        tokenizer = load_tokenizer(sure)
        told = {m.sha256 for m in run.manifest.models if m.role == "tokenizer"}
        other = "" if tokenizer.reference.sha256 in told else OTHER_TOKENIZER
    except RefuseError as error:
        other = str(error)
    if other:
        return [Check(name, "skipped", other) for name in sorted(made)]
    ends = find_ends(config, tokenizer.reference)
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
    run: FinishedRun, name: str, shard: str, ids: Tokenised, ends: dict[str, int | None]
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
    totals = pc.list_value_length(rows.column("input_ids")).to_numpy()
    pieces = pc.list_value_length(rows.column("seq_lens")).to_numpy()
    if totals.max(initial=0) > config.packed.length:
        return f"a row has {totals.max()} tokens"
    edges = np.append(0, np.cumsum(sizes))[np.append(0, np.cumsum(pieces))]
    if not np.array_equal(np.diff(edges), totals):
        return "seq_lens do not add up to the rows"
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
