"""A batch of documents as stages survey it: what several need is made once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.config import NormaliseConfig
from isinglass.transforms.labels import is_language_tag, safe_labels
from isinglass.transforms.language import UNDETERMINED, detect_languages
from isinglass.transforms.normalise import normalise


@dataclass(frozen=True, eq=False)
class Seen:
    """A batch of documents; `detect` finds the language of those that do not name one.

    `documents` are `tables.DOCUMENTS` and carried columns.
    """

    documents: pa.RecordBatch = field(repr=False)
    detect: bool = True
    _normal: dict[str, pa.StringArray] = field(default_factory=dict, repr=False)

    @property
    def texts(self) -> pa.StringArray:
        """The texts as they came in."""
        return self.documents.column("text")

    @cached_property
    def sources(self) -> pa.StringArray:
        """Safe source labels."""
        return safe_labels(self.documents.column("source"))

    @cached_property
    def languages(self) -> pa.StringArray:
        """The language of each document: its own, or the detected one."""
        return known_languages(self.documents, detect=self.detect)

    def normalised(self, config: NormaliseConfig) -> pa.StringArray:
        """The texts, normalised; made once for equal settings."""
        key = config.model_dump_json()
        if key not in self._normal:
            self._normal[key] = normalise(self.texts, config)
        return self._normal[key]


def known_languages(
    documents: pa.RecordBatch, *, detect: bool = True
) -> pa.StringArray:
    """The documents' own language tag where they have one, else the detected one.

    Without `detect` it is `und` instead.
    """
    given = documents.column("language")
    unknown = pc.invert(pc.fill_null(is_language_tag(given), fill_value=False))
    if not pc.any(unknown).as_py():
        return given
    if not detect:
        return pc.if_else(unknown, UNDETERMINED, given)
    detected = detect_languages(documents.column("text").filter(unknown))
    return pc.replace_with_mask(given, unknown, detected)
