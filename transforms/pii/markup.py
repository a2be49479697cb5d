"""What a model is shown of a text: a reader sees no markup inside of a name.

`<b>Anna</b> Kowalska`, `**Anna** Kowalska`, `[Anna Kowalska](https://...)` and
`Anna&nbsp;Kowalska` are the same name to people. Inline markup is left out, character
references are read, and a tag that begins or ends a block or cell is a line end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.transforms.pii.plain import PlainTexts

_LONGEST_TEXT, _LONGEST_ADDRESS = 200, 500
"""Most characters of a link's text and address: what is longer is no link."""

_TAG = re.compile(rf"</?([A-Za-z][A-Za-z0-9]*)(?:\s[^<>]{{0,{_LONGEST_ADDRESS}}})?/?>")
_INLINE = frozenset(
    "a abbr b cite em font i mark small span strong sub sup u".split()  # noqa: SIM905
)
_LINK = re.compile(
    rf"(\[)[^\[\]\n]{{1,{_LONGEST_TEXT}}}"
    rf"(\](?:\([^()\n]{{0,{_LONGEST_ADDRESS}}}\)|\[[^\[\]\n]{{0,{_LONGEST_TEXT}}}\]))"
)
_EMPHASIS = tuple(
    re.compile(
        rf"(?<![\w\\{sign}])({sign}{{1,3}})(?=[^\s{sign}])"
        rf"[^{sign}\n]{{1,{_LONGEST_TEXT}}}(?<=[^\s{sign}])(\1)(?![\w{sign}])"
    )
    for sign in (r"\*", "_")
)
_REFERENCES = {
    "&nbsp;": " ",
    "&#160;": " ",
    "&#xa0;": " ",
    "&#8203;": "",
    "&zwnj;": "",
    "&shy;": "",
    "&amp;": "&",
    "&quot;": '"',
    "&apos;": "'",
    "&#39;": "'",
    "&rsquo;": "\u2019",
}
_REFERENCE = re.compile("|".join(map(re.escape, _REFERENCES)), re.IGNORECASE)
# Between fields where no blank is: beside a quote or a digit, and in rows.
_FIELDS = re.compile(
    r"""(?<=["'0-9\]}])[,;:|](?=["'\[{]?[^\W\d_])|(?<=[^\W\d_])[,;|](?=["'0-9])"""
    r"""|(?<=["'])[,;:|](?=["'])"""
)
_ROW = re.compile(
    r"^[^\s,;|][^\n,;|]*+([,;|])[^\s,;|][^\n,;|]*+(?:\1[^\n,;|]*+)++$",
    re.MULTILINE,
)
# Escapes of JSON and of string literals, but not right behind a drive: C:\new
_ESCAPE = re.compile(
    r"""\\[nrt](?=["'A-Z\u00c0-\u024f])|(?<=[^\W\d_A-Z])\\[nrt](?=[a-z"'])"""
)
_ANY = r"""[<*_\[&\\]|[,;:|]["']|["'\d][,;:|]|[,;|]\S[^,;|\n]*[,;|]\S"""


def without_markup(plain: PlainTexts) -> PlainTexts:
    """Leave inline markup out of texts that hold some.

    Args:
        plain: Texts, and the places of their code points in the originals.

    Returns:
        Texts in which names are whole, with places in the same originals.
    """
    touched = np.flatnonzero(
        pc.match_substring_regex(plain.texts, _ANY).to_numpy(zero_copy_only=False)
    )
    places = dict(plain.places)
    mask = np.zeros(len(plain.texts), np.bool_)
    shown = []
    values = plain.texts.take(pa.array(touched)).to_pylist()
    for row, value in zip(touched.tolist(), values, strict=True):
        read = _read(value)
        if read is not None:
            text, kept = read
            mask[row] = True
            shown.append(text)
            before = places.get(row)
            places[row] = kept if before is None else before[kept]
    if not shown:
        return plain
    texts = pc.replace_with_mask(
        plain.texts, pa.array(mask), pa.array(shown, pa.string())
    )
    return PlainTexts(texts, places)


def _read(text: str) -> tuple[str, NDArray[np.int64]] | None:
    """Text without markup and the places of its code points; None if it has none."""
    cuts = sorted(_cuts(text))
    if not cuts:
        return None
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32).copy()
    kept = np.ones(len(codes), np.bool_)
    for low, high, instead in cuts:
        kept[low:high] = False
        if instead:
            codes[low], kept[low] = ord(instead), True
    return codes[kept].tobytes().decode("utf-32-le"), np.flatnonzero(kept)


def _cuts(text: str) -> Iterator[tuple[int, int, str]]:
    """Begin and end of what is left out, and a character that stands for it."""
    if "<" in text:
        for found in _TAG.finditer(text):
            inline = found[1].lower() in _INLINE
            yield found.start(), found.end(), "" if inline else "\n"
    if "&" in text:
        for found in _REFERENCE.finditer(text):
            yield found.start(), found.end(), _REFERENCES[found[0].lower()]
    yield from _borders(text)
    patterns = [*((_LINK,) if "](" in text or "][" in text else ())]
    patterns += [p for p, sign in zip(_EMPHASIS, "*_", strict=True) if sign in text]
    for pattern in patterns:
        for found in pattern.finditer(text):
            for group in (1, 2):
                yield *found.span(group), ""


def _borders(text: str) -> Iterator[tuple[int, int, str]]:
    """What stands between fields, as line ends."""
    # The semicolon of a character reference parts nothing.
    text = _REFERENCE.sub(lambda found: "_" * len(found[0]), text)
    for pattern in (_FIELDS, _ESCAPE):
        for found in pattern.finditer(text):
            yield found.start(), found.end(), "\n"
    for row in _ROW.finditer(text):
        for place in range(*row.span()):
            # Thousands are no fields.
            number = text[place - 1 : place + 2 : 2].isdecimal()
            if text[place] == row[1] and not number:
                yield place, place + 1, "\n"
