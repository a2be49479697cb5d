"""An encoder whose attention and gradients can be seen.

The forward passes that write `embeddings/` use fused kernels, which keep no attention
and have no gradients. Here the same files are run by transformers, in float32 on the
CPU, with attention that is written out where it is asked for.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import normalize

from isinglass.schemas.errors import RefuseError
from isinglass.transforms.encode.forward.batch import DeviceBatch
from isinglass.transforms.encode.forward.padded import PaddedModel, load_padded

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class OpenEncoder:
    """A loaded model.

    Attributes:
        normalised: Whether its vectors are brought to unit length.
        of_all: Whether they are made of all hidden states, not of the first alone.
    """

    loaded: PaddedModel
    normalised: bool
    of_all: bool

    @property
    def dimensions(self) -> int:
        """Values of a vector."""
        return self.loaded.dimensions

    def embed(self, ids: NDArray[np.integer]) -> Tensor:
        """What stands for each token before the first layer: (tokens, width)."""
        table = self.loaded.model.get_input_embeddings()
        embedded: Tensor = table(torch.from_numpy(ids.astype(np.int64)))
        return embedded

    def baseline(self, ids: NDArray[np.integer], text: NDArray[np.bool_]) -> Tensor:
        """The same with the padding token in the place of every token of the text."""
        return self.embed(np.where(text, self.loaded.pad, ids))

    def vectors(self, embedded: Tensor) -> Tensor:
        """Vectors of documents of equal length, (n, tokens, width) to (n, dimensions).

        They are what `embeddings/` holds, up to rounding, and can be derived.
        """
        count, tokens = embedded.shape[:2]
        mask = torch.ones((count, tokens), dtype=torch.long)
        hidden = self.loaded.model(
            inputs_embeds=embedded, attention_mask=mask
        ).last_hidden_state
        batch = DeviceBatch(
            torch.zeros(count * tokens, dtype=torch.int32),
            torch.arange(count + 1, dtype=torch.int32) * tokens,
            np.full(count, tokens, np.int64),
        )
        pooled = self.loaded.vectors(batch, hidden.reshape(count * tokens, -1))
        return normalize(pooled, dim=1) if self.normalised else pooled

    def attention(self, ids: NDArray[np.integer]) -> NDArray[np.float32] | None:
        """Of every layer and head, (layers, heads, tokens, tokens).

        None where the model has none, as one that is no transformer.
        """
        model = self.loaded.model
        try:
            # Written out here alone: a tenth of the time of all gradients is at stake.
            model.set_attn_implementation("eager")
            with torch.no_grad():
                given = model(
                    input_ids=torch.from_numpy(ids.astype(np.int64))[None],
                    attention_mask=torch.ones((1, len(ids)), dtype=torch.long),
                    output_attentions=True,
                )
        finally:
            _fuse(model)
        layers = getattr(given, "attentions", None)
        if not layers or any(layer is None for layer in layers):
            return None
        return np.asarray(torch.cat(list(layers)).numpy(), np.float32)


def _fuse(model: Any) -> None:
    """Have attention computed by torch's own function, if the model can."""
    with suppress(ValueError):
        model.set_attn_implementation("sdpa")


def load_open(folder: Path, pooling: str, *, normalised: bool) -> OpenEncoder:
    """Load a model folder; as `load_padded` does, in float32 on the CPU.

    Raises:
        RefuseError: It is no encoder that can be used, or takes no embeddings.
    """
    cpu = torch.device("cpu")
    loaded = load_padded(folder, cpu, torch.float32, pooling, attention="eager")
    _fuse(loaded.model)
    opened = OpenEncoder(loaded, normalised, of_all=pooling == "mean")
    try:
        with torch.no_grad():
            opened.vectors(opened.embed(np.array([5, 6, 7, 8]))[None])
    except (NotImplementedError, TypeError, ValueError) as error:
        raise RefuseError(
            f"encode.model: the model in {folder} does not take embeddings in the "
            "place of token ids, so that its gradients cannot be followed to tokens. "
            "Its vectors cannot be explained."
        ) from error
    return opened
