"""What can be counted in a document at all: a lexicon need not have every axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.arrays import Flags, Integers

if TYPE_CHECKING:
    from isinglass.transforms.demographics.lexicon import Lexicons


def lexicon_places(languages: pa.StringArray, lexicons: Lexicons) -> Integers:
    """Place in `lexicons.all` of that of each document's language, (n,); -1: none."""
    encoded = languages.dictionary_encode()
    places = {one.language: place for place, one in enumerate(lexicons.all)}
    found = [lexicons.find(tag or "") for tag in encoded.dictionary.to_pylist()]
    of_code = [-1 if one is None else places[one.language] for one in found]
    codes = pc.fill_null(encoded.indices, len(of_code)).to_numpy(zero_copy_only=False)
    return np.asarray(np.array([*of_code, -1], np.int64)[codes])


def axes_by_lexicon(lexicons: Lexicons) -> dict[str, Flags]:
    """Of each axis, sorted, which of `lexicons.all` have it: bool (lexicons,)."""
    own = [{axis for (axis, _), _ in one.terms} for one in lexicons.all]
    axes = sorted(set().union(*own))
    return {axis: np.array([axis in some for some in own], np.bool_) for axis in axes}
