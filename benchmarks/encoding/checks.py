"""Checks that need the device itself; reads a question and prints JSON.

Each is run whether or not another one failed.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from benchmarks.vectors.peers import Question, differences, load_loop
from benchmarks.vectors.random_models import save_random
from isinglass.schemas.config import EncodeConfig
from isinglass.transforms.encode.encoder.device import choose_device
from isinglass.transforms.encode.encoder.encoder import Encoder, load_encoder
from isinglass.transforms.encode.models.find import model_folder, tokenizer_file
from isinglass.transforms.encode.tokenizers.batch import take_rows
from isinglass.transforms.encode.tokenizers.tokenizer import load_tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from isinglass.transforms.encode.tokenizers.batch import TokenBatch

FLOAT32_DIFFERENCE = 1e-5
MATES_DIFFERENCE = 1e-6
LEAST_COSINE = {"float32": 0.999999, "bfloat16": 0.9995, "float16": 0.9999}
_SHORT = ["", "a", "[SEP]", "A word.", "\u00e9\u00e9 \u4e2d\u6587 \U0001f600"]
# Room for the tensors of a few thousand tokens, and not for those of a large batch.
_ROOM_BYTES = 256 * 2**20
_MANY_DOCUMENTS = 8192
_ROOM_TOKENS = 700


@dataclass(frozen=True)
class Checked:
    """What the checks share.

    Attributes:
        settings: Of tokenizer and model.
        texts: Of all lengths, the shortest ones first.
        tokens: Of the texts.
        question: For the loop over `transformers` that vectors are compared with.
        budget: Most tokens in a batch.
    """

    settings: EncodeConfig
    texts: list[str]
    tokens: TokenBatch
    question: Question
    budget: int

    def encoder(self, precision: str) -> Encoder:
        """The model in a precision."""
        chosen: Any = precision
        settings = self.settings.model_copy(update={"precision": chosen})
        return replace(load_encoder(settings), batch_tokens=self.budget)


def parity(checked: Checked, precision: str) -> dict[str, Any]:
    """Documents laid end to end, against padded ones in float32 by `transformers`."""
    expected = load_loop(checked.question)(checked.texts, 32)
    encoder = checked.encoder(precision)
    difference, cosine = differences(encoder.encode(checked.tokens), expected)
    good = cosine >= LEAST_COSINE[precision]
    if precision == "float32":
        good = good and difference <= FLOAT32_DIFFERENCE
    return {
        "ok": good,
        "attention": encoder.model.attention,
        "max_abs_difference": difference,
        "min_cosine": cosine,
    }


def mates(checked: Checked, precision: str) -> dict[str, Any]:
    """The same documents alone, in another order, and among others."""
    encoder = checked.encoder(precision)
    count = len(checked.texts)
    together = encoder.encode(checked.tokens)
    order = np.random.default_rng(3).permutation(count)
    shuffled = np.empty_like(together)
    shuffled[order] = encoder.encode(take_rows(checked.tokens, order))
    rows = np.arange(0, count, max(1, count // 16))
    alone = np.concatenate(
        [
            encoder.encode(take_rows(checked.tokens, rows[at : at + 1]))
            for at in range(len(rows))
        ]
    )
    found = [differences(together, shuffled), differences(together[rows], alone)]
    difference = max(one for one, _ in found)
    cosine = min(one for _, one in found)
    good = cosine >= LEAST_COSINE[precision]
    if precision == "float32":
        good = good and difference <= MATES_DIFFERENCE
    return {"ok": good, "max_abs_difference": difference, "min_cosine": cosine}


def memory(checked: Checked) -> dict[str, Any]:
    """Memory for a part of a batch only: it is halved until it fits."""
    encoder = checked.encoder("auto")
    expected = replace(encoder, batch_tokens=_ROOM_TOKENS // 2).encode(checked.tokens)
    if encoder.model.device.type == "cuda":
        rows = np.resize(np.arange(len(checked.texts)), _MANY_DOCUMENTS)
        many = take_rows(checked.tokens, rows)
        encoder.batch_tokens = budget = int(many.offsets[-1])
        vectors = _with_little_memory(encoder, many)[: len(expected)]
    else:
        budget = encoder.batch_tokens
        encoder.model = _Cramped(encoder.model)
        vectors = encoder.encode(checked.tokens)
    _, cosine = differences(vectors, expected)
    halvings = budget.bit_length() - encoder.batch_tokens.bit_length()
    return {
        "ok": halvings > 0 and cosine >= LEAST_COSINE["bfloat16"],
        "halvings": halvings,
        "budget": [budget, encoder.batch_tokens],
        "min_cosine": cosine,
    }


def _with_little_memory(encoder: Encoder, tokens: TokenBatch) -> NDArray[np.float32]:
    """Encode with so little of the GPU's memory that the first batches do not fit."""
    device = encoder.model.device
    torch.cuda.synchronize(device)
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(device).total_memory
    limit = torch.cuda.memory_reserved(device) + _ROOM_BYTES
    torch.cuda.set_per_process_memory_fraction(limit / total, device)
    try:
        return encoder.encode(tokens)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, device)


class _Cramped:
    """A model on a device without room for many tokens."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def hidden(self, batch: Any) -> torch.Tensor:
        if len(batch.ids) > _ROOM_TOKENS:
            raise torch.OutOfMemoryError
        hidden: torch.Tensor = self._model.hidden(batch)
        return hidden


def _load(question: dict[str, Any], scratch: Path) -> Checked:
    device = choose_device(question["device"])
    settings = EncodeConfig(
        tokenizer=question["tokenizer"],
        model=question["model"],
        windows="truncate",
        device=question["device"],
    )
    file = tokenizer_file(settings)
    if question["model"].startswith("random:"):
        folder = save_random(question["model"], file, scratch / "model")
        settings = settings.model_copy(update={"model": str(folder)})
    column = pq.read_table(question["file"], columns=["text"])["text"]
    texts = _SHORT + column.slice(0, question["documents"]).to_pylist()
    tokenizer = load_tokenizer(settings)
    return Checked(
        settings=settings,
        texts=texts,
        tokens=tokenizer.encode(pa.array(texts, pa.string()), settings.max_tokens),
        question=Question(
            folder=model_folder(settings),
            tokenizer=file,
            pad=tokenizer.reference.token_id("[PAD]") or 0,
            max_tokens=settings.max_tokens,
            pooling="mean",
            normalise=True,
            device=device,
        ),
        budget=question["budget"],
    )


def run_checks(checked: Checked) -> dict[str, dict[str, Any]]:
    """Every check, by its name."""
    precisions = ["float32", "bfloat16"]
    if checked.question.device.type == "cuda":
        precisions.append("float16")
    work: dict[str, Callable[[], dict[str, Any]]] = {}
    for precision in precisions:
        work[f"parity, {precision}"] = partial(parity, checked, precision)
        work[f"mates, {precision}"] = partial(mates, checked, precision)
    # Last: it leaves the device with little memory if it goes wrong.
    work["out of memory"] = partial(memory, checked)
    found = {}
    for name, check in work.items():
        try:
            found[name] = check()
        # A check that breaks has failed, and the others go on.
        except Exception as error:  # noqa: BLE001
            found[name] = {"ok": False, "error": f"{type(error).__name__}: {error}"}
        sys.stderr.write(f"{name}: {found[name]}\n")
    return found


def main() -> None:
    """Answer the question on standard input."""
    question = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as scratch:
        print(json.dumps(run_checks(_load(question, Path(scratch)))))


if __name__ == "__main__":
    main()
