"""The encode pass, cleaned shard -> token ids -> vectors, and the check after it."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from isinglass.pipelines.engine.workspace import table_batches
from isinglass.pipelines.stages.encode.kept import KeptEncoder
from isinglass.pipelines.stages.encode.notes import ENCODE, Notes, notes_path
from isinglass.pipelines.stages.encode.writing import ShardWriter, Tokenised
from isinglass.schemas.config import EncodeConfig
from isinglass.schemas.errors import ReconcileError, TooLargeError
from isinglass.transforms.encode.encoder.device import (
    choose_device,
    choose_precision,
    configure_threads,
    lease_device,
)
from isinglass.transforms.encode.encoder.encoder import Encoder, load_encoder
from isinglass.transforms.encode.models.find import chosen_pooling
from isinglass.transforms.encode.outputs.megatron import id_type
from isinglass.transforms.encode.outputs.reconcile import Expected, reconcile_tokens
from isinglass.transforms.encode.outputs.rows import truncated
from isinglass.transforms.encode.stages import StreamSettings, encode_stream, writing
from isinglass.transforms.encode.tokenizers.batch import TokenBatch, cut, windows
from isinglass.transforms.encode.tokenizers.reference import load_reference
from isinglass.transforms.encode.tokenizers.tokenizer import Tokenizer, load_tokenizer

if TYPE_CHECKING:
    from isinglass.pipelines.engine.commits import UnitOutputs
    from isinglass.transforms.encode.stages import Streamed

CHECK = "encode_check"
BATCH_ROWS = 512
CPU_WINDOW, GPU_WINDOW, HIDDEN_WINDOW = 2**17, 2**19, 2**16
"""Tokens that are sorted by length and cut into batches together: the more, the fuller
the batches, and on a CPU the longer the stretches of equal length; with hidden states
fewer, because those are held in memory. A window that is not done when a run is stopped
is done again: on a GPU that is 2 MB of text, and the first batches of the next one."""
GPU_TOKENIZERS = 4
"""Threads that tokenise for one GPU."""


State = tuple[Tokenizer, "Encoder | None"]
"""What a worker loads once; no encoder where only ids are wanted."""


@dataclass
class _Item:
    """A batch of `data/` on its way through the threads."""

    batch: pa.RecordBatch
    made: Tokenised | None = None


@dataclass(frozen=True)
class EncodeWork:
    """Work of the encode pass.

    `tables` is the folder of the tables that say where fast tokenizers differ, if there
    is one; with `fell_back` the reference does everything because one was found to.
    """

    config: EncodeConfig
    tables: Path | None
    fell_back: bool = False
    name: str = ENCODE

    def open(self) -> State:
        """Load tokenizer and model, once a worker."""
        # Workers are processes already, and a forked thread pool warns.
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        config = self.config
        embeds = config.embeddings != "none"
        if not embeds or choose_device(config.device).type == "cpu":
            # Beside a GPU the fast tokenizers' own pool of threads has all cores: it
            # serves every thread that asks, and one core is too slow for the GPU.
            os.environ.setdefault("RAYON_NUM_THREADS", "1")
        encoder = None
        if embeds:
            configure_threads(1)
            # Where processes of this user, of any run, note which GPU they have.
            notes = Path(tempfile.gettempdir()) / f"isinglass-gpu-{os.getuid()}"
            device = lease_device(config.device, notes, str(os.getpid()))
            encoder = load_encoder(config.model_copy(update={"device": str(device)}))
        return load_tokenizer(config, self.tables), encoder

    def run(self, state: State, payload: str, outputs: UnitOutputs) -> dict[str, int]:
        """Encode one shard of `data/`.

        Raises:
            TokenizerDiffersError: A compared document has other ids than the
                reference gives; the driver does the pass again by the reference.
            TooLargeError: A document alone does not fit into the device's memory.
        """
        loaded, encoder = state
        # Each shard counts for itself: what is compared depends on no other shard.
        tokenizer = loaded.fresh()
        dimensions = encoder.dimensions if encoder else 0
        writer = ShardWriter(
            outputs, payload, self.config, tokenizer.reference, dimensions
        )

        def write(streamed: Streamed[_Item]) -> None:
            assert streamed.item.made is not None
            writer.write(streamed.item.made, streamed.encoded)
            outputs.status.add(streamed.item.batch.num_rows)

        def make(item: _Item) -> TokenBatch:
            item.made = tokenise(self.config, tokenizer, item.batch)
            return item.made.rows

        settings = self._stream_settings(encoder)
        path = outputs.workspace.table("data", payload)
        batches = table_batches(path, ["doc_id", "text"], BATCH_ROWS)
        runs = encoder and KeptEncoder(encoder, outputs.parts)
        stream = encode_stream(map(_Item, batches), make, runs, settings)
        with writing(write, 2 * settings.threads) as put, _naming():
            for streamed in stream:
                put(streamed)
        counts = writer.finish()
        counts["compared"] = tokenizer.documents_compared
        counts["by_reference"] = tokenizer.documents_by_reference
        notes = json.dumps(vars(self._notes(tokenizer, encoder)), sort_keys=True)
        outputs.write_bytes(notes_path(outputs.workspace, payload), notes)
        return counts

    def _stream_settings(self, encoder: Encoder | None) -> StreamSettings:
        on_gpu = encoder is not None and _on_gpu(encoder)
        window = GPU_WINDOW if on_gpu else CPU_WINDOW
        if self.config.hidden_states:
            window = HIDDEN_WINDOW
        return StreamSettings(
            threads=GPU_TOKENIZERS if on_gpu else 0,
            depth=4 * GPU_TOKENIZERS if on_gpu else 1,
            window_tokens=window,
            hidden=self.config.hidden_states,
        )

    def _notes(self, tokenizer: Tokenizer, encoder: Encoder | None) -> Notes:
        notes = Notes(tokenizer=tokenizer.backend, fell_back=self.fell_back)
        if self.config.megatron is not None:
            notes = replace(
                notes, megatron=id_type(tokenizer.reference.vocabulary_size)
            )
        if encoder is None:
            return notes
        model = encoder.model
        device = model.device.type
        if device == "cuda":
            import torch  # noqa: PLC0415  (optional)

            device = str(torch.cuda.get_device_name(model.device))
        return replace(
            notes,
            device=device,
            precision=choose_precision(self.config.precision, model.device),
            attention=model.attention,
            pooling=chosen_pooling(self.config),
        )


@dataclass(frozen=True)
class CheckWork:
    """Every shard of `tokens/` held against the shard of `data/` it was made of."""

    config: EncodeConfig
    name: str = CHECK

    def open(self) -> Expected:
        """Load the reference tokenizer, which alone decodes."""
        return Expected(load_reference(self.config), self.config)

    def run(
        self, state: Expected, payload: str, outputs: UnitOutputs
    ) -> dict[str, int]:
        """Check one shard."""
        workspace = outputs.workspace
        tokens, data = (workspace.table(name, payload) for name in ("tokens", "data"))
        faults = reconcile_tokens(tokens, data, state)
        if faults:
            raise ReconcileError(
                f"Pass encode, shard {payload}: {faults[0]} The run was stopped: ids "
                "and texts would not belong together."
            )
        return {"records_in": 0}


def tokenise(
    config: EncodeConfig, tokenizer: Tokenizer, batch: pa.RecordBatch
) -> Tokenised:
    """The documents of a batch as the rows that the configuration asks for."""
    texts, limit = batch.column("text"), config.max_tokens
    truncate = config.windows == "truncate"
    # One more than is kept tells a document that was cut from one that just fits.
    most = limit + 1 if truncate and not config.word_ids else None
    whole = tokenizer.encode(texts, most)
    words = None
    if config.word_ids:
        words = replace(whole, values=tokenizer.word_ids(texts, whole))
    nothing_cut = config.windows == "window" or (
        config.windows == "all" and config.embeddings == "none"
    )
    long = 0 if nothing_cut else truncated(whole, limit)
    if truncate:
        whole = cut(whole, limit)
        words = words and cut(words, limit)
    rows, documents = whole, None
    if config.windows == "window":
        rows, documents = windows(whole, limit, config.stride)
        words = words and windows(words, limit, config.stride)[0]
    return Tokenised(
        doc_ids=batch.column("doc_id"),
        whole=whole,
        rows=rows,
        documents=documents,
        words=words.values if words else None,
        truncated=long,
    )


def _on_gpu(encoder: Encoder) -> bool:
    return bool(encoder.model.device.type != "cpu")


@contextmanager
def _naming() -> Iterator[None]:
    """Say which document it is that is too large."""
    try:
        yield
    except TooLargeError as error:
        item, row = error.item, error.row
        assert isinstance(item, _Item)
        if item.made is not None and item.made.documents is not None:
            row = int(item.made.documents[row])
        doc_id = item.batch.column("doc_id")[row].as_py()
        raise TooLargeError(f"{error} Its doc_id is {doc_id}.") from None
