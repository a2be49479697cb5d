"""Whether token ids are those of a text, seen from the ids.

Ids are turned back into text and compared, rather than the text tokenised again: this
would find the same faults twice. How much of a text its ids still hold depends on the
tokenizer. Byte-level ones hold all of it. BERT's hold words as their normaliser leaves
them, and which of them they do not know. Of others the letters are left, and what they
do not know is any text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

LOST = "\ufffd"
"""What a decoder puts for bytes that are no character, such as half of one."""
SPACE_MARK = "\u2581"
"""What SentencePiece puts for a space."""
UNKNOWN = ("[UNK]", "<unk>", "<UNK>")


def decodes_to(
    backend: Any, ids: Sequence[int], text: str, *, whole: bool = True
) -> bool:
    """Whether ids, decoded, are a text as far as the tokenizer can tell.

    `backend` is a `tokenizers.Tokenizer`, `ids` are without the special tokens around
    them; unless `whole`, those of the beginning of the text.
    """
    added = backend.get_added_tokens_decoder()
    gone = any(added[one].lstrip or added[one].rstrip for one in set(ids) & set(added))
    byte_level = type(backend.decoder).__name__ == "ByteLevel"
    if backend.normalizer is None and byte_level and not gone:
        return _decodes_exactly(backend, ids, text, whole=whole)
    normaliser = backend.normalizer
    clean: Callable[[str], str] = normaliser.normalize_str if normaliser else str
    normal = clean(text)
    spelt_out = any(clean(one.content) in normal for one in added.values())
    if _is_word_piece(backend) and not spelt_out:
        words = [word for word, _ in backend.pre_tokenizer.pre_tokenize_str(normal)]
        return _are_words(backend, ids, words, whole=whole)
    parts = [
        None if unknown else _letters(_decoded(backend, list(run), added, clean))
        for unknown, run in groupby(ids, _unknown_ids(backend).__contains__)
    ]
    if not whole and parts and parts[-1]:
        parts[-1] = parts[-1].rstrip(LOST)
    return _matches(parts, _letters(normal), whole=whole)


def _is_word_piece(backend: Any) -> bool:
    parts = (backend.pre_tokenizer, backend.model)
    # It parts the marks of continued words, `##`, where they stand in a text.
    return [type(part).__name__ for part in parts] == ["BertPreTokenizer", "WordPiece"]


def _are_words(
    backend: Any, ids: Sequence[int], words: Sequence[str], *, whole: bool
) -> bool:
    """Whether ids are words in this order; at the end of a beginning, part of one."""
    prefix = backend.model.continuing_subword_prefix
    found: list[str] = []
    for one in ids:
        piece = backend.id_to_token(one) or LOST
        if piece.startswith(prefix) and found:
            found[-1] += piece.removeprefix(prefix)
        else:
            found.append(piece)
    if len(found) > len(words) or (whole and len(found) < len(words)):
        return False
    unknown = backend.model.unk_token
    for number, (piece, word) in enumerate(zip(found, words, strict=False), 1):
        cut = not whole and number == len(found) and word.startswith(piece)
        if piece == unknown:
            if backend.model.tokenize(word)[0].value != unknown:
                return False
        elif piece != word and not cut:
            return False
    return True


def _decodes_exactly(
    backend: Any, ids: Sequence[int], text: str, *, whole: bool
) -> bool:
    decoded = backend.decode(list(ids), skip_special_tokens=False)
    # Some put a space before the first word, so that it is a word like any other.
    texts = (text, f" {text}")
    if whole:
        return decoded in texts
    return any(one.startswith(decoded.rstrip(LOST)) for one in texts)


def _unknown_ids(backend: Any) -> set[int]:
    names = (getattr(backend.model, "unk_token", None), *UNKNOWN)
    found = (backend.token_to_id(name) for name in names if name)
    return {one for one in found if one is not None}


def _decoded(
    backend: Any, ids: list[int], added: dict[int, Any], clean: Callable[[str], str]
) -> str:
    if type(backend.model).__name__ != "WordPiece":
        return str(backend.decode(ids, skip_special_tokens=False))
    # Decoders of words put right the spaces before punctuation; pieces are plainer.
    prefix = backend.model.continuing_subword_prefix
    pieces = []
    for one in ids:
        piece = backend.id_to_token(one) or LOST
        pieces.append(clean(piece) if one in added else piece.removeprefix(prefix))
    return "".join(pieces)


def _letters(text: str) -> str:
    return "".join(text.replace(SPACE_MARK, " ").split())


def _matches(parts: Sequence[str | None], text: str, *, whole: bool) -> bool:
    """Whether a text is made of these parts in this order; None is any letters.

    There need not be any: an unknown character can be one of white space. Every part
    is taken where it is first found, which leaves the most room for those behind it.
    """
    at, free = 0, False
    for number, part in enumerate(parts, 1):
        if part is None:
            free = True
            continue
        found = at
        if free and whole and number == len(parts):
            found = len(text) - len(part)
        elif free:
            found = text.find(part, at)
        if found < at or not text.startswith(part, found):
            return False
        at, free = found + len(part), False
    return free or not whole or at == len(text)
