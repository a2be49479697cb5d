"""The head of a language model: which one a folder has, and what it gives to tokens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from isinglass.schemas.arrays import Floats, Integers
from isinglass.schemas.errors import RefuseError
from isinglass.transforms.encode import require
from isinglass.transforms.encode.encoder.device import (
    choose_device,
    choose_precision,
    configure_threads,
)
from isinglass.transforms.encode.models.check import longest_input
from isinglass.transforms.encode.models.find import model_folder
from isinglass.transforms.encode.models.folder import CONFIG_FILE, model_settings

if TYPE_CHECKING:
    import torch

    from isinglass.schemas.config import EncodeConfig

HeadKind = Literal["masked", "causal"]
LOADERS: dict[HeadKind, str] = {
    "masked": "AutoModelForMaskedLM",
    "causal": "AutoModelForCausalLM",
}
# Ids in every vocabulary, and rarely special.
_PROBE = (5, 6, 7, 8)
_ROUNDING = 1e-3
_TOKENS = 4096
_LOGITS = 2**25
"""Most tokens of a batch, and numbers that it may give, one for each asked token and
each word of the vocabulary: 128 MB of float32."""


@dataclass(frozen=True)
class Head:
    """A loaded model that gives probabilities of tokens.

    Attributes:
        kind: `masked` fills a blank; `causal` says what comes next.
        vocabulary: One more than the largest id it knows.
        longest: Most tokens of a text; None where there is no limit.
        begin: Id that stands for the begin of a text, None where it has none.
    """

    kind: HeadKind
    model: Any
    device: torch.device
    vocabulary: int
    longest: int | None
    begin: int | None

    def texts_at_once(self, length: int, asked: int) -> int:
        """How many texts of so many tokens, so many of them asked, fit into a batch."""
        if self._words() is None:
            asked = length
        numbers = self.vocabulary * max(1, asked)
        return max(1, min(_TOKENS // max(1, length), _LOGITS // numbers))

    def _words(self) -> Any:
        """The last layer, from hidden states to words; None where it is not told."""
        return self.model.get_output_embeddings()

    def log_probabilities(
        self, ids: Integers, places: Integers, wanted: Integers
    ) -> Floats:
        """Natural logarithms of probabilities, (texts, k), of texts of equal length.

        Args:
            ids: Of shape (texts, length); none of them is padding.
            places: Of shape (texts, k): tokens whose outputs are asked.
            wanted: Likewise: the token whose probability is wanted there.
        """
        import torch  # noqa: PLC0415  (optional)

        given, at, those = (
            torch.from_numpy(np.ascontiguousarray(one, np.int64)).to(self.device)
            for one in (ids, places, wanted)
        )
        rows = torch.arange(len(given), device=self.device)[:, None]
        words = self._words()
        with torch.inference_mode(), _picking(words, rows, at):
            logits = self.model(
                input_ids=given, attention_mask=torch.ones_like(given)
            ).logits
            asked = (logits if words is not None else logits[rows, at]).float()
            found = asked.gather(2, those[:, :, None])[:, :, 0] - asked.logsumexp(-1)
        return np.asarray(found.double().cpu().numpy())


@contextmanager
def _picking(words: Any, rows: torch.Tensor, places: torch.Tensor) -> Iterator[None]:
    """Let the last layer see the hidden states of some places alone.

    It is most of the work of a small model: a row of numbers as long as the vocabulary
    for each token, of which one is wanted.
    """
    if words is None:
        yield
        return
    picked = words.register_forward_pre_hook(lambda _, given: (given[0][rows, places],))
    try:
        yield
    finally:
        picked.remove()


def head_of(folder: Path) -> HeadKind:
    """Which head the architectures in config.json name; nothing is loaded.

    Raises:
        MissingExtraError: transformers is not installed.
        RefuseError: They name none that gives probabilities of words.
    """
    require("torch", "transformers")
    from transformers.models.auto import modeling_auto  # noqa: PLC0415  (optional)

    settings = model_settings(folder)
    listed = settings.get("architectures")
    names = [str(one) for one in listed] if isinstance(listed, list) else []
    told = (
        " and ".join(names) or f"a model, and its {CONFIG_FILE} names no architecture"
    )
    if settings.get("is_encoder_decoder", False):
        raise _refusal(folder, f"{told}, an encoder-decoder", "is scored otherwise")
    masked = set(modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES.values())
    causal = set(modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values())
    # Published BERTs were trained for the next sentence, too, and named for both.
    if masked & {one.replace("ForPreTraining", "ForMaskedLM") for one in names}:
        return "masked"
    if causal & set(names):
        return "causal"
    raise _refusal(folder, told, "has no head that gives probabilities of words")


def _refusal(folder: Path, what: str, why: str) -> RefuseError:
    return RefuseError(
        f"encode.model: {folder} holds {what}, which {why}. CrowS-Pairs and StereoSet "
        "need a masked-LM head, such as BertForMaskedLM, or a causal one, such as "
        "GPT2LMHeadModel. Give the folder of such a model, or leave out crows_pairs "
        "and stereoset."
    )


def load_head(settings: EncodeConfig) -> Head:
    """Load the model that `encode.model` names with its head, in one thread.

    Raises as `head_of` does, and `RefuseError` if the weights cannot be read or lack
    those of the head.
    """
    import torch  # noqa: PLC0415  (optional)

    from isinglass.transforms.encode.forward.padded import from_folder  # noqa: PLC0415

    folder = model_folder(settings)
    kind = head_of(folder)
    shape = model_settings(folder)
    configure_threads(1)
    device = choose_device(settings.device)
    # Scores of sentences are sums, which are compared: rounding would decide.
    choice = "float32" if settings.precision == "auto" else settings.precision
    precision = getattr(torch, choose_precision(choice, device))
    model, report = from_folder(folder, shape["model_type"], precision, LOADERS[kind])
    # The library fills missing weights with random numbers.
    lacking = [*report["missing_keys"], *map(str, report["mismatched_keys"])]
    if lacking:
        raise _refusal(folder, f"weights without {min(lacking)}", "belongs to the head")
    model.eval().requires_grad_(requires_grad=False).to(device)
    positions = getattr(model.config, "max_position_embeddings", None)
    begin = getattr(model.config, "bos_token_id", None)
    head = Head(
        kind=kind,
        model=model,
        device=device,
        vocabulary=int(shape["vocab_size"]),
        longest=longest_input({**shape, "max_position_embeddings": positions}),
        begin=begin if isinstance(begin, int) else None,
    )
    if kind == "causal" and _sees_what_follows(head):
        what = f"{type(model).__name__} with a causal head"
        raise _refusal(folder, what, "sees the words that follow")
    return head


def _sees_what_follows(head: Head) -> bool:
    """Whether another last token changes what the first one is followed by."""
    ids = np.array([_PROBE, (*_PROBE[:-1], _PROBE[0])], np.int64)
    places = np.zeros((2, 1), np.int64)
    first, second = head.log_probabilities(ids, places, ids[:, 1:2])
    return not np.allclose(first, second, atol=_ROUNDING)
