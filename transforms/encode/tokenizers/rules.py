"""What a tokenizer.json says about how its tokenizer works."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["wordpiece", "bytes", "other"]

_NOT_RULES = {"version", "truncation", "padding", "post_processor", "decoder"}


@dataclass(frozen=True)
class Rules:
    """The parts of a tokenizer.json that decide the ids of a text.

    Attributes:
        kind: `wordpiece` is BERT's; `bytes` is byte-pair encoding of the bytes inside
            stretches that a regular expression finds, as GPT-2 began it; nothing is
            known of `other` ones.
        sha256: Of the rules, hex: of neither truncation, padding, special tokens put
            around documents nor the way the file is written. Files of different
            models with the same tokenizer share it.
        added: Tokens that are found in a text as they are written.
        matches_normalised: Whether one of them is looked for in the normalised text,
            so that other spellings of it are found, too.
        continuing: What pieces inside a word start with, `##` for BERT.
        cuts_before_spaces: Whether a text that is cut between a visible character and
            a space starts with the ids of what is left of the cut.
        cuts_at_spaces: Whether a text cut before a space has the ids of its pieces.
            True of BERT's rules: they decompose and lower-case single characters, no
            rule looks across a space, and a space leaves no token.
        content: The whole file.
    """

    kind: Kind
    sha256: str
    added: tuple[str, ...]
    matches_normalised: bool
    continuing: str
    cuts_before_spaces: bool
    cuts_at_spaces: bool
    content: dict[str, Any]

    def continuing_ids(self, size: int) -> NDArray[np.bool_] | None:
        """Which ids continue the word before them, shape (size,).

        None where the ids alone do not say so. BERT's do: its splitting makes words of
        their own of punctuation marks, so no word begins with the `##` that marks the
        pieces inside one.
        """
        if self.kind != "wordpiece" or self.continuing != "##":
            return None
        inside = np.zeros(size, bool)
        vocabulary: dict[str, int] = self.content["model"]["vocab"]
        marked = [at for piece, at in vocabulary.items() if piece.startswith("##")]
        inside[marked] = True
        added = self.content.get("added_tokens") or []
        inside[[token["id"] for token in added]] = False
        return inside

    def for_library(self, *, special_tokens: bool) -> str:
        """The file without truncation and padding, and without special tokens."""
        content = {**self.content, "truncation": None, "padding": None}
        if not special_tokens:
            content["post_processor"] = None
        return json.dumps(content, ensure_ascii=False)


def read_rules(content: bytes) -> Rules:
    """Read the bytes of a tokenizer.json that the `tokenizers` library accepts."""
    whole = json.loads(content)
    rules = {key: value for key, value in whole.items() if key not in _NOT_RULES}
    canonical = json.dumps(rules, sort_keys=True, separators=(",", ":"))
    added = whole.get("added_tokens") or []
    kind = _kind(whole)
    cuts = _starts_pieces_at_spaces(kind, whole) and not any(
        token["single_word"] or " " in token["content"] for token in added
    )
    stripping = any(token.get("lstrip") or token.get("rstrip") for token in added)
    return Rules(
        kind=kind,
        sha256=hashlib.sha256(canonical.encode()).hexdigest(),
        added=tuple(token["content"] for token in added),
        matches_normalised=whole.get("normalizer") is not None
        and any(token.get("normalized", False) for token in added),
        continuing=whole["model"].get("continuing_subword_prefix") or "",
        cuts_before_spaces=cuts,
        cuts_at_spaces=cuts and kind == "wordpiece" and not stripping,
        content=whole,
    )


def _kind(whole: dict[str, Any]) -> Kind:
    model, splitter = whole["model"], whole.get("pre_tokenizer")
    normalizer = _type(whole.get("normalizer"))
    if (model.get("type"), normalizer, _type(splitter)) == (
        "WordPiece",
        "BertNormalizer",
        "BertPreTokenizer",
    ):
        return "wordpiece"
    if model.get("type") == "BPE" and not model.get("dropout"):
        steps = [_type(one) for one in (splitter or {}).get("pretokenizers", ())]
        byte_level = _type(splitter) == "ByteLevel" or (
            steps[-1:] == ["ByteLevel"] and set(steps[:-1]) <= {"Split", "Digits"}
        )
        if byte_level and normalizer in {None, "NFC"}:
            return "bytes"
    return "other"


def _starts_pieces_at_spaces(kind: Kind, whole: dict[str, Any]) -> bool:
    """Whether no rule looks from a visible character across a following space.

    True of BERT's rules, where a space is a boundary that leaves no token, and of
    GPT-2's expression, in which only a piece's first character can be a space and
    only white space looks ahead. Other expressions are not taken apart.
    """
    splitter = whole.get("pre_tokenizer") or {}
    gpt2 = _type(splitter) == "ByteLevel" and bool(splitter.get("use_regex", True))
    return kind == "wordpiece" or (kind == "bytes" and gpt2)


def _type(part: dict[str, Any] | None) -> str | None:
    return None if part is None else part.get("type")
