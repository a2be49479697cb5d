"""The encode pass as the driver runs it: what is known beforehand, and the way back."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.passes import Session, run_pass
from isinglass.pipelines.engine.units import Unit
from isinglass.pipelines.engine.workspace import (
    Workspace,
    free_bytes,
    list_files,
    read_json,
    size_of,
    table_batches,
    write_atomically,
)
from isinglass.pipelines.stages.encode.notes import ENCODE
from isinglass.pipelines.stages.encode.preflight import hidden_width
from isinglass.pipelines.stages.encode.work import CheckWork, EncodeWork
from isinglass.schemas.commit import Commit
from isinglass.schemas.config import EncodeConfig
from isinglass.schemas.errors import RetryError, TokenizerDiffersError
from isinglass.transforms.encode.encoder.device import choose_device
from isinglass.transforms.encode.models.find import chosen_pooling
from isinglass.transforms.encode.outputs.rows import (
    hidden_bytes,
    hidden_warning,
    in_units,
)
from isinglass.transforms.encode.tokenizers.tokenizer import Tokenizer, load_tokenizer

LOGGER = logging.getLogger(__name__)
SAMPLE_ROWS = 200
SPEED_TOKENS, SPEED_CPU, SPEED_CHECK = 1e7, 1e4, 1e8
"""Bytes a CPU second, roughly: ids alone, ids with vectors on a CPU, reading again."""


_ELSEWHERE = {"device", "semantic", "erase_concept", "allow_download"}
"""Settings that change no file of the pass. The device does, by rounding: see below."""


def encode_shards(
    session: Session,
    cleans: dict[str, Commit],
    config: EncodeConfig,
    fingerprints: tuple[Sequence[str], str],
) -> dict[str, Commit]:
    """Encode every shard; by the reference alone if a fast tokenizer is found out.

    `cleans` and what is returned are commits by shard; `fingerprints` are the hashes of
    tokenizer and model, and that of the code.
    """
    workspace, tables = session.workspace, _tables()
    # In the run folder: a fast tokenizer was found out, in this run or one before, so
    # that a run that is stopped on its way back goes on by the reference. Another
    # tokenizer, or another version of a library, gets another chance.
    note, found_out = workspace.mapped(ENCODE, "reference.json"), digest(fingerprints)
    fell_back = config.tokenizer_backend != "reference" and _holds(note, found_out)
    config = _by_reference(config) if fell_back else config
    # Here once, so that not every worker makes the same table.
    tokenizer = load_tokenizer(config, tables)
    if config.hidden_states:
        _check_room(workspace, cleans, config, tokenizer)
    if config.embeddings != "none":
        session = _one_worker_a_gpu(session, config.device)
    speed = SPEED_TOKENS if config.embeddings == "none" else SPEED_CPU

    def attempt(config: EncodeConfig, *, fell_back: bool) -> dict[str, Commit]:
        work = EncodeWork(config, tables, fell_back=fell_back)
        units = _units(cleans, config, fingerprints)
        return run_pass(session, work, units, speed=speed)

    try:
        encodes = attempt(config, fell_back=fell_back)
    except TokenizerDiffersError as error:
        LOGGER.warning("%s All shards are done again by the reference.", error)
        write_atomically(note, json.dumps(found_out))
        encodes = attempt(_by_reference(config), fell_back=True)
    if config.tokens:
        check = CheckWork(config)
        units = _check_units(encodes, fingerprints[1])
        run_pass(session, check, units, speed=SPEED_CHECK)
    return encodes


def _tables() -> Path | None:
    """Where tables of differing characters are kept between runs: the user's cache.

    None for a user without a home, as in some containers.
    """
    cache = os.environ.get("XDG_CACHE_HOME")
    with suppress(RuntimeError):
        home = Path(cache) if cache else Path("~/.cache").expanduser()
        return home / "isinglass" / "tokenizers"
    return None


def _units(
    cleans: dict[str, Commit],
    config: EncodeConfig,
    fingerprints: tuple[Sequence[str], str],
) -> list[Unit]:
    """One unit a shard; it depends on the bytes of its `data/` file."""
    section: Any = config.model_dump(exclude=_ELSEWHERE)
    if config.embeddings != "none":
        # A GPU rounds otherwise than a CPU, so their vectors are never mixed.
        section["device"] = choose_device(config.device).type
        section["pooling"] = chosen_pooling(config)
    units = []
    for shard_id, clean in cleans.items():
        name = f"data/{shard_id}.parquet"
        data = next(o for o in clean.outputs if o.path == name)
        identity = digest([data.sha256, section, fingerprints])
        units.append(Unit(shard_id, shard_id, identity, data.bytes, data.rows))
    return units


def _check_units(encodes: dict[str, Commit], code: str) -> list[Unit]:
    """One unit a shard; it depends on the bytes of its `tokens/`."""
    units = []
    for shard_id, commit in encodes.items():
        tokens = next(o for o in commit.outputs if o.path.startswith("tokens/"))
        identity = digest([tokens.sha256, commit.fingerprint, code])
        units.append(Unit(shard_id, shard_id, identity, tokens.bytes))
    return units


def _by_reference(config: EncodeConfig) -> EncodeConfig:
    return config.model_copy(update={"tokenizer_backend": "reference"})


def _holds(note: Path, content: str) -> bool:
    try:
        return bool(read_json(note) == content)
    except (OSError, ValueError):
        return False


def _one_worker_a_gpu(session: Session, choice: str) -> Session:
    """The session with no more workers than GPUs, for each process owns one.

    A worker more would wait for a GPU until the pass ends, and the pass for it.
    """
    import torch  # noqa: PLC0415  (optional)

    if choice == "cpu" or not torch.cuda.is_available():
        return session
    gpus = 1 if ":" in choice else torch.cuda.device_count()
    beam = session.execution.config
    fewer = beam.model_copy(update={"workers": min(beam.workers, gpus)})
    return replace(session, execution=replace(session.execution, config=fewer))


def _check_room(
    workspace: Workspace,
    shard_ids: Iterable[str],
    config: EncodeConfig,
    tokenizer: Tokenizer,
) -> None:
    """Say how large the hidden states will be, and stop if the disk is too small."""
    documents, tokens, text_bytes = _expected(workspace, shard_ids, config, tokenizer)
    width = hidden_width(config)
    LOGGER.warning("%s", hidden_warning(documents, tokens, width, text_bytes))
    free = free_bytes(workspace.path)
    needed = hidden_bytes(tokens, width)
    # An attempt that goes on has written a part of them already.
    written = list_files(workspace.path / "hidden_states", "*.parquet")
    if needed - sum(map(size_of, written)) > free:
        raise RetryError(
            f"encode.hidden_states would take about {in_units(needed)}, and "
            f"{workspace.path} has {in_units(free)} free. Free some space, lower "
            "encode.max_tokens, or leave hidden_states out."
        )


def _expected(
    workspace: Workspace,
    shard_ids: Iterable[str],
    config: EncodeConfig,
    tokenizer: Tokenizer,
) -> tuple[int, int, int]:
    """Documents, about how many tokens the model will see of them, bytes of text."""
    documents = text_bytes = 0
    rate, tokens = 0.0, 0.0
    for shard_id in shard_ids:
        for batch in table_batches(workspace.table("data", shard_id), ["text"]):
            texts = batch.column("text")
            sizes = pc.binary_length(texts).to_numpy(zero_copy_only=False)
            if not rate:
                few = texts.slice(0, SAMPLE_ROWS)
                made = int(tokenizer.encode(few).offsets[-1])
                rate = made / max(int(sizes[:SAMPLE_ROWS].sum()), 1)
            most = np.inf if config.windows == "window" else config.max_tokens
            tokens += float(np.minimum(sizes * rate, most).sum())
            documents += batch.num_rows
            text_bytes += int(sizes.sum())
    if config.windows == "window":
        tokens *= config.max_tokens / (config.max_tokens - config.stride)
    return documents, int(tokens), text_bytes
