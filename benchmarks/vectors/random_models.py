"""Models of a known shape with seeded random weights: their speed is the real one's."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from isinglass.schemas.errors import ConfigError
from isinglass.transforms.encode import require
from isinglass.transforms.encode.models.check import largest_id
from isinglass.transforms.encode.models.folder import TOKENIZER_FILE, read_json

if TYPE_CHECKING:
    from pathlib import Path

RANDOM = "random:"

# Layers, width, heads. The feed-forward part is four times as wide as the states.
# Sources: config.json of sentence-transformers/all-MiniLM-L6-v2; Devlin et al., "BERT"
# (2019), section 3; Turc et al., "Well-Read Students Learn Better" (2019), table 1.
SHAPES = {
    "minilm-l6": (6, 384, 12),
    "bert-base": (12, 768, 12),
    "bert-tiny": (2, 128, 2),
}
_SEED = 5
# Fresh weights give nearly the same vector for every text, and so hide mistakes.
_SPREAD = 0.05


def save_random(choice: str, tokenizer: Path, folder: Path) -> Path:
    """Write a BERT with random weights as the loader expects a model.

    Args:
        choice: `random:` and a name in `SHAPES`.
        tokenizer: Its tokenizer.json, which decides the size of the vocabulary.
        folder: Where to; made.

    Returns:
        The folder.

    Raises:
        ConfigError: There is no such shape.
        MissingExtraError: transformers is not installed.
    """
    name = choice.removeprefix(RANDOM)
    if name not in SHAPES:
        names = ", ".join(RANDOM + shape for shape in SHAPES)
        msg = f"--model: there is no {choice!r}; there are {names}."
        raise ConfigError(msg)
    require("torch", "transformers")
    import torch  # noqa: PLC0415  (optional)
    import transformers  # noqa: PLC0415  (optional)

    layers, width, heads = SHAPES[name]
    torch.manual_seed(_SEED)
    config = transformers.BertConfig(
        vocab_size=largest_id(tokenizer, read_json(tokenizer)) + 1,
        num_hidden_layers=layers,
        hidden_size=width,
        num_attention_heads=heads,
        intermediate_size=4 * width,
    )
    model = transformers.BertModel(config)
    with torch.no_grad():
        for value in model.parameters():
            value.add_(torch.randn_like(value) * _SPREAD)
    model.save_pretrained(folder)
    shutil.copyfile(tokenizer, folder / TOKENIZER_FILE)
    return folder
