"""Made-up names of persons."""

from __future__ import annotations

import re
from typing import Any

from isinglass.transforms.characters import without_marks
from isinglass.transforms.pii.data import load_data
from isinglass.transforms.pii.operators.normalised import unfolded
from isinglass.transforms.pii.operators.surrogates.shape import Stream, same_shape

_PART = re.compile(r"[^\W\d_]+")
_LAST_LATIN, _LATIN_MORE = "\u02af", ("\u1e00", "\u1eff")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]+")


def fake_person(value: str, stream: Stream) -> str | None:
    """A name with as many words, initials and the same capitalisation.

    The last word becomes a family name, those before it given names; an initial
    becomes another initial. There are 2,688 given and 602,112 family names. Han
    characters become Han characters that are no surname, 48 to a place, so that names
    of two have 2,304 fakes and collisions are common. Names in other scripts keep
    their script, letter for letter, without vowel signs and other marks.
    None if nothing in the value was changed.
    """
    given, value = value, without_marks(unfolded(value))
    parts = list(_PART.finditer(value))
    pieces, end = [], 0
    for number, part in enumerate(parts):
        pieces.append(value[end : part.start()])
        pieces.append(_part(part.group(), stream, last=number == len(parts) - 1))
        end = part.end()
    fake = "".join([*pieces, value[end:]])
    return None if fake == given else fake


def _syllables() -> dict[str, Any]:
    return load_data("surrogates", "persons").content


def _part(part: str, stream: Stream, *, last: bool) -> str:
    if _HAN.fullmatch(part):
        return "".join([stream.choice(_syllables()["han"]) for _ in part])
    if len(part) == 1 or not all(map(_is_latin, part.casefold())):
        return same_shape(part, stream)
    name = _syllable(stream)
    if last:
        name += _syllable(stream) + stream.choice(_syllables()["family"])
    else:
        name += stream.choice(_syllables()["given"])
    if part.isupper():
        return name.upper()
    return name if part[0].islower() else name.capitalize()


def _syllable(stream: Stream) -> str:
    return stream.choice(_syllables()["onsets"]) + stream.choice(_syllables()["nuclei"])


def _is_latin(char: str) -> bool:
    return char <= _LAST_LATIN or _LATIN_MORE[0] <= char <= _LATIN_MORE[1]
