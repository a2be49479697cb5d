from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING

from isinglass.transforms.encode.tokenizers.probe import (
    adversarial,
    differing,
    encoder_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from isinglass.transforms.encode.tokenizers.fast import FastLibrary
    from isinglass.transforms.encode.tokenizers.tokenizer import Tokenizer


def test_strings_are_the_same_for_the_same_seed() -> None:
    assert adversarial(300) == adversarial(300)
    assert adversarial(300) != adversarial(300, seed=21)
    assert len(adversarial(301)) == 301
    assert adversarial(0) == []


def test_strings_hold_every_difficulty() -> None:
    texts = adversarial(20_000, added=["<extra_id_7>"])
    every = "".join(texts)
    planes = {ord(one) >> 16 for one in every}
    assert planes == set(range(17))
    assert not any(0xD800 <= ord(one) <= 0xDFFF for one in every)
    content = json.loads(
        (
            files("isinglass.transforms") / "resources/tokenizers/adversarial.json"
        ).read_text()
    )
    for fragments in content["fragments"].values():
        assert all(fragment in every for fragment in fragments)
    assert all(text * times in every for text, times in content["runs"])
    assert "<extra_id_7>" in every
    assert "\x00" in every


def test_a_difference_is_found(
    wordpiece: Tokenizer, wordpiece_file: Path, pretender: Callable[..., FastLibrary]
) -> None:
    content = json.loads(wordpiece_file.read_text())
    texts = adversarial(800)
    reference = encoder_of(wordpiece.reference)
    assert differing(texts, reference, pretender(content)).tolist() == []
    model = {**content["model"], "max_input_chars_per_word": 99}
    rows = differing(texts, reference, pretender(content, model=model))
    assert len(rows) > 0
    assert all(any(len(word) > 99 for word in texts[row].split()) for row in rows)
    bare = pretender(content, added_tokens=content["added_tokens"][:-1])
    rows = differing(texts, reference, bare)
    assert [row for row, text in enumerate(texts) if "[MASK]" in text] == rows.tolist()
