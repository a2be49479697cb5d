"""Documents to vectors: cut, batch, run the model, put the rows back in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from isinglass.schemas.errors import ConfigError, RefuseError
from isinglass.transforms.encode.batching import plan_batches, token_index
from isinglass.transforms.encode.extra import require
from isinglass.transforms.encode.forward.bert import load_bert
from isinglass.transforms.encode.forward.padded import load_padded
from isinglass.transforms.encode.models import (
    check_fit,
    model_folder,
    model_settings,
)
from isinglass.transforms.encode.tokenizers.batch import TokenBatch, cut

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from isinglass.transforms.encode.settings import EncodeSettings

CPU_BATCH_TOKENS = 1024
"""Most tokens of a batch on a CPU: activations of more leave its cache."""

_LEAST_NORM = 1e-12


class Model(Protocol):
    """What runs a batch: `PackedBert` or `PaddedModel`."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    @property
    def padded(self) -> bool:
        """Whether the documents of a batch are filled up to the longest."""

    def pooled(
        self, ids: NDArray[np.int32], lengths: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Mean hidden state of each document, shape (n, dimensions)."""


@dataclass(frozen=True)
class Encoder:
    """A loaded model with the settings it is run with.

    Attributes:
        model: Runs batches.
        vocabulary_size: One more than the largest id the model knows.
        max_tokens: Tokens of a document that the model sees.
        batch_tokens: Most tokens in a batch.
        normalise: Whether vectors are brought to unit length.
    """

    model: Model
    vocabulary_size: int
    max_tokens: int
    batch_tokens: int
    normalise: bool

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self.model.dimensions

    def encode(self, tokens: TokenBatch) -> NDArray[np.float32]:
        """One vector a document, in the order of the documents.

        A document's vector depends on the other documents of the batch by rounding
        only (the kernels may sum in another order: about 1e-7 a value). The same
        batch gives the same bytes in every process on the same kind of processor.

        Returns:
            Shape (n, dimensions), float32. A document without a single token, which
            only a tokenizer without special tokens can give, has zeros.

        Raises:
            RefuseError: An id is beyond the model's vocabulary.
        """
        self._check_ids(tokens)
        seen = cut(tokens, self.max_tokens)
        lengths = seen.lengths
        vectors = np.zeros((len(lengths), self.dimensions), np.float32)
        batches = plan_batches(lengths, self.batch_tokens, padded=self.model.padded)
        for rows in batches:
            places = token_index(seen.offsets[rows], lengths[rows])
            vectors[rows] = self.model.pooled(seen.values[places], lengths[rows])
        if self.normalise:
            norms = np.linalg.norm(vectors, axis=1, keepdims=True)
            vectors /= np.maximum(norms, np.float32(_LEAST_NORM))
        return vectors

    def _check_ids(self, tokens: TokenBatch) -> None:
        largest = int(tokens.values.max(initial=-1))
        if largest >= self.vocabulary_size:
            msg = (
                f"Token id {largest} is beyond the model's vocabulary of "
                f"{self.vocabulary_size}: tokenizer and model do not belong together. "
                "Set encode.tokenizer to the model's own."
            )
            raise RefuseError(msg)


def load_encoder(settings: EncodeSettings) -> Encoder:
    """Load the model that `encode.model` names.

    Raises:
        MissingExtraError: A library or the packaged model is not installed.
        ConfigError: The device is not there, or max_tokens is too long.
        RefuseError: Weights are missing or a pickle, or the tokenizer is not the
            model's.
    """
    require("torch", "safetensors")
    check_fit(settings)
    device = choose_device(settings.device)
    folder = model_folder(settings)
    packed = load_bert(folder, device)
    model = packed if packed is not None else load_padded(folder, device)
    budget = settings.batch_tokens
    if device.type == "cpu":
        budget = min(budget, CPU_BATCH_TOKENS)
    return Encoder(
        model=model,
        vocabulary_size=model_settings(folder)["vocab_size"],
        max_tokens=settings.max_tokens,
        batch_tokens=budget,
        normalise=settings.normalise,
    )


def choose_device(choice: str) -> torch.device:
    """The device to run on: `auto` takes a GPU where torch sees one.

    Raises:
        ConfigError: `cuda` is asked for and torch sees none.
    """
    import torch  # noqa: PLC0415  (optional)

    present = torch.cuda.is_available()
    if choice == "cuda" and not present:
        msg = (
            "encode.device: torch sees no CUDA device. Set it to auto or cpu, or "
            "install a torch built for the GPU's driver."
        )
        raise ConfigError(msg)
    return torch.device("cuda" if present and choice != "cpu" else "cpu")


def configure_threads(threads: int) -> None:
    """Set how many threads torch takes for one forward pass, in this process.

    The number can change vectors by rounding: runs whose bytes are to be equal use
    the same one.

    Raises:
        MissingExtraError: torch is not installed.
    """
    require("torch")
    import torch  # noqa: PLC0415  (optional)

    torch.set_num_threads(threads)
