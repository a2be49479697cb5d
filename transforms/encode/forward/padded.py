"""Any other encoder, run by transformers over padded batches.

Whatever AutoModel gives is taken if a short probe shows it to be an encoder: one
hidden state for each token. Models that read from left to right (GPT-2) are encoders
in this sense, and their mean is a vector of sorts; `cls` and `pooler` are refused for
them, because their first token has seen nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import torch

from isinglass.schemas.errors import RefuseError
from isinglass.transforms.encode import require
from isinglass.transforms.encode.forward.agreement import agree
from isinglass.transforms.encode.forward.batch import pool_first, pool_mean
from isinglass.transforms.encode.models.folder import model_settings

if TYPE_CHECKING:
    from torch import Tensor

    from isinglass.transforms.encode.forward.batch import DeviceBatch, Pooling

# Ids of the probe: in every vocabulary, and rarely special.
_PROBE = (5, 6, 7, 8)
_POOLER_TOLERANCE = 1e-2


@dataclass(frozen=True)
class PaddedModel:
    """A loaded `AutoModel`; see `Model`.

    `pad` fills the batch; positions of some models are counted from it. `model` is one
    of transformers, which chooses how attention is computed.
    """

    dimensions: int
    device: torch.device
    pad: int
    model: Any
    vectors: Pooling
    attention: str = "transformers"
    padded: bool = True

    def hidden(self, batch: DeviceBatch) -> Tensor:
        """Last hidden states, packed as the batch is: shape (tokens, width)."""
        count, longest = len(batch.lengths), batch.longest
        rows = batch.token_rows()
        places = rows * longest + batch.token_places(rows)
        ids = torch.full((count * longest,), self.pad, device=self.device)
        mask = torch.zeros_like(ids)
        ids[places] = batch.ids.long()
        mask[places] = 1
        hidden: Tensor = self.model(
            input_ids=ids.view(count, longest), attention_mask=mask.view(count, longest)
        ).last_hidden_state
        return hidden.reshape(count * longest, -1)[places]


def refuse_decoder(folder: Path, kind: str) -> NoReturn:
    """Say why an encoder-decoder cannot be used."""
    raise RefuseError(
        f"encode.model: {folder} holds an encoder-decoder ({kind!r}), which has no "
        "single vector for a document. Choose an encoder."
    )


def load_padded(
    folder: Path,
    device: torch.device,
    precision: torch.dtype,
    pooling: str,
    *,
    attention: str | None = None,
) -> PaddedModel:
    """Load a model folder with transformers, see `load_model`.

    `attention` is how transformers computes it; None leaves that to the library.
    """
    require("transformers")
    kind = model_settings(folder)["model_type"]
    model, report = from_folder(folder, kind, precision, attention=attention)
    if model.config.is_encoder_decoder:
        refuse_decoder(folder, kind)
    # The library fills missing weights with random numbers.
    lacking = sorted(
        name
        for name in report["missing_keys"]
        if pooling == "pooler" or "pooler" not in name
    )
    lacking += sorted(map(str, report["mismatched_keys"]))
    if lacking:
        raise RefuseError(
            f"encode.model: the weights in {folder} lack {lacking[0]}. Save them again."
        )
    model.eval().requires_grad_(requires_grad=False).to(device)
    probed = _probe(model, folder, device)
    pad = getattr(model.config, "pad_token_id", None)
    pool = _pooling(model, probed, folder, pooling)
    width = int(probed.last_hidden_state.shape[-1])
    if pooling == "pooler":
        width = int(probed.pooler_output.shape[-1])
    return PaddedModel(width, device, pad or 0, model, pool)


def from_folder(
    folder: Path,
    kind: str,
    precision: torch.dtype,
    loader: str = "AutoModel",
    attention: str | None = None,
) -> tuple[Any, dict[str, Any]]:
    """The model, and what the library says about its weights.

    Args:
        folder: Its files; no code in it is run.
        kind: The model type in config.json.
        precision: Of its weights.
        loader: The class of transformers that loads it, with a head or without.
        attention: How transformers computes it; None leaves that to the library.

    Raises:
        RefuseError: The library does not know such a model, or files are damaged.
    """
    import transformers  # noqa: PLC0415  (optional)

    try:
        with _quiet():
            model, report = getattr(transformers, loader).from_pretrained(
                folder,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=precision,
                attn_implementation=attention,
                output_loading_info=True,
            )
    except (ImportError, KeyError, OSError, RuntimeError, ValueError) as error:
        raise RefuseError(
            f"encode.model: {folder} holds a model of type {kind!r}, which "
            "transformers cannot load without running code that comes with it, or "
            "whose files are damaged. Choose an encoder that transformers knows."
        ) from error
    return model, report


def _probe(model: Any, folder: Path, device: torch.device) -> Any:
    """Outputs for two short documents that differ in their last token."""
    ids = torch.tensor([_PROBE, (*_PROBE[:-1], _PROBE[0])], device=device)
    try:
        with torch.inference_mode():
            output = model(input_ids=ids, attention_mask=torch.ones_like(ids))
        sound = output.last_hidden_state.shape[:2] == ids.shape
    except (AttributeError, TypeError, ValueError):
        sound = False
    if not sound:
        raise RefuseError(
            f"encode.model: {folder} holds a model that does not give one hidden state "
            "for each token of text. Choose a text encoder."
        )
    return output


def _pooling(model: Any, probed: Any, folder: Path, pooling: str) -> Pooling:
    if pooling == "mean":
        return pool_mean
    first = probed.last_hidden_state[:, 0]
    if bool((first[0] == first[1]).all()):
        raise RefuseError(
            f"encode.pooling: the model in {folder} reads from left to right, so the "
            f"first token, which {pooling!r} takes, has seen no other. Set it to mean."
        )
    if pooling == "cls":
        return pool_first
    given = getattr(probed, "pooler_output", None)
    own = partial(_own_pooler, model)
    if given is None or not agree(own, lambda _: given, _POOLER_TOLERANCE, first):
        raise RefuseError(
            f"encode.pooling: the model in {folder} has no pooler that takes the first "
            "hidden state. Set it to mean or cls."
        )

    def pool(batch: DeviceBatch, hidden: Tensor) -> Tensor:
        return own(hidden[batch.starts[:-1].long()]).float()

    return pool


def _own_pooler(model: Any, first: Tensor) -> Tensor:
    """Vectors from first hidden states, shape (n, width) both."""
    activation = getattr(model, "pooler_activation", None)
    if activation is not None:  # ALBERT's is a bare affine map
        affine: Tensor = activation(model.pooler(first))
        return affine
    result: Tensor = model.pooler(first[:, None])
    return result


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
