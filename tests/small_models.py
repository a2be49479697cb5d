"""Small language models with seeded random weights, and a tokenizer of few words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = (
    "the",
    "a",
    "he",
    "she",
    "man",
    "woman",
    "doctor",
    "nurse",
    "was",
    "is",
    "very",
    "kind",
    "strong",
    "loud",
    "at",
    "home",
    "and",
    "work",
    "##s",
    "##ed",
    "##er",
    "teach",
    "sing",
    "smith",
    "banana",
    ".",
    ",",
)
POSITIONS = 24


def write_tokenizer(folder: Path, *, around: bool) -> None:
    """A WordPiece tokenizer; `around` puts [CLS] and [SEP] around a text."""
    from tokenizers import (  # noqa: PLC0415
        Tokenizer,
        models,
        normalizers,
        pre_tokenizers,
        processors,
    )

    vocabulary = {word: number for number, word in enumerate((*SPECIALS, *WORDS))}
    made = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    if around:
        made.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]",
            special_tokens=[(one, vocabulary[one]) for one in ("[CLS]", "[SEP]")],
        )
    made.add_special_tokens(list(SPECIALS))
    folder.mkdir(parents=True, exist_ok=True)
    made.save(str(folder / "tokenizer.json"))


def save_bert(folder: Path, kind: str = "BertForMaskedLM") -> Path:
    """A BERT, by default with a masked-LM head."""
    return _save(
        folder,
        kind,
        "BertConfig",
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=3,
        intermediate_size=40,
        max_position_embeddings=POSITIONS,
    )


def save_gpt(folder: Path, begin: int | None = 2) -> Path:
    """A GPT-2 whose texts begin with the id `begin`."""
    return _save(
        folder,
        "GPT2LMHeadModel",
        "GPT2Config",
        n_embd=24,
        n_layer=2,
        n_head=3,
        n_positions=POSITIONS,
        bos_token_id=begin,
        eos_token_id=3,
    )


def _save(folder: Path, kind: str, config: str, **shape: Any) -> Path:
    import torch  # noqa: PLC0415
    import transformers  # noqa: PLC0415

    torch.manual_seed(11)
    vocabulary = len(SPECIALS) + len(WORDS)
    made = getattr(transformers, config)(vocab_size=vocabulary, **shape)
    model = getattr(transformers, kind)(made)
    with torch.no_grad():
        # Fresh weights give all words nearly the same probability.
        for value in model.parameters():
            value.add_(torch.randn_like(value) * 0.2)
    model.save_pretrained(folder)
    write_tokenizer(folder, around=config == "BertConfig")
    return folder
