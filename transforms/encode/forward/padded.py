"""Any other encoder, run by transformers over padded batches."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from isinglass.schemas.errors import RefuseError
from isinglass.transforms.encode.extra import require
from isinglass.transforms.encode.models import model_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import torch
    from numpy.typing import NDArray


@dataclass(frozen=True)
class PaddedModel:
    """A loaded `AutoModel`.

    Attributes:
        dimensions: Of a hidden state and so of a vector.
        pad: Id that fills the batch; positions of some models are counted from it.
        padded: Whether batches hold padding; always here.
    """

    dimensions: int
    pad: int
    model: Any
    device: torch.device
    padded: bool = True

    def pooled(
        self, ids: NDArray[np.int32], lengths: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Mean of each document's last hidden states; see `PackedBert.pooled`."""
        import torch  # noqa: PLC0415  (optional)

        mask = np.arange(int(lengths.max())) < lengths[:, None]
        filled = np.full(mask.shape, self.pad, np.int64)
        filled[mask] = ids
        attention = torch.from_numpy(mask).to(self.device)
        with torch.inference_mode():
            hidden = self.model(
                input_ids=torch.from_numpy(filled).to(self.device),
                attention_mask=attention.long(),
            ).last_hidden_state
            hidden = hidden.float() * attention.unsqueeze(-1)
            counts = attention.sum(1, keepdim=True)
            result: NDArray[np.float32] = (hidden.sum(1) / counts).cpu().numpy()
            return result


def load_padded(folder: Path, device: torch.device) -> PaddedModel:
    """Load a model folder with transformers; no code of the folder is run.

    Raises:
        MissingExtraError: transformers is not installed.
        RefuseError: transformers does not know the model, or weights are missing.
    """
    require("transformers")
    import torch  # noqa: PLC0415  (optional)
    import transformers  # noqa: PLC0415  (optional)

    settings = model_settings(folder)
    kind = settings["model_type"]
    if settings.get("is_encoder_decoder", False):
        msg = (
            f"encode.model: {folder} holds an encoder-decoder ({kind!r}), which has no "
            "single vector for a document. Choose an encoder."
        )
        raise RefuseError(msg)
    try:
        with _quiet():
            model, report = transformers.AutoModel.from_pretrained(
                folder,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=torch.float32,
                output_loading_info=True,
            )
    except (ImportError, KeyError, OSError, RuntimeError, ValueError) as error:
        msg = (
            f"encode.model: {folder} holds a model of type {kind!r}, which "
            "transformers cannot load without running code that comes with it, or "
            "whose files are damaged. Choose an encoder that transformers knows."
        )
        raise RefuseError(msg) from error
    # The library fills missing weights with random numbers. A pooler is not used.
    missing = sorted(n for n in report["missing_keys"] if "pooler" not in n)
    if missing or report["mismatched_keys"]:
        first = missing[0] if missing else min(report["mismatched_keys"])
        msg = f"encode.model: the weights in {folder} lack {first}. Save them again."
        raise RefuseError(msg)
    model.eval()
    model.to(device)
    pad = getattr(model.config, "pad_token_id", None)
    return PaddedModel(model.config.hidden_size, pad or 0, model, device)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the progress bar that transformers draws for every load."""
    from transformers.utils import logging  # noqa: PLC0415  (optional)

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
