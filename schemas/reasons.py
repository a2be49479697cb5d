"""Outcomes and reasons of the ledger: all that can happen to a record."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What happened to one input record."""

    KEPT = "kept"
    DROPPED = "dropped"
    QUARANTINED = "quarantined"


class DropReason(StrEnum):
    """Why a readable document does not appear in `data/`."""

    EMPTY = "empty"
    EXACT_DUPLICATE = "exact_duplicate"
    NEAR_DUPLICATE = "near_duplicate"
    CONTAINED = "contained"
    CONTAMINATED = "contaminated"
    ONLY_BOILERPLATE = "only_boilerplate"
    ERASED = "erased"


DUPLICATE_REASONS = (
    DropReason.EXACT_DUPLICATE,
    DropReason.NEAR_DUPLICATE,
    DropReason.CONTAINED,
)
"""Reasons that name a kept document as evidence."""


class QuarantineReason(StrEnum):
    """Why a record was set aside without being processed to the end."""

    INVALID_UTF8 = "invalid_utf8"
    NUL_CHARACTER = "nul_character"
    LONE_SURROGATE = "lone_surrogate"
    MISSING_TEXT = "missing_text"
    WRONG_TYPE = "wrong_type"
    NOT_AN_OBJECT = "not_an_object"
    MALFORMED_RECORD = "malformed_record"
    TRUNCATED_FILE = "truncated_file"
    UNREADABLE_FILE = "unreadable_file"
    TOO_LONG = "too_long"
    DUPLICATE_ID = "duplicate_id"
    DETECTOR_ERROR = "detector_error"
    DETECTOR_TIMEOUT = "detector_timeout"


REASON_TEXT: dict[str, str] = {
    DropReason.EMPTY: "The text is empty, or all of it is white space or invisible.",
    DropReason.EXACT_DUPLICATE: "Its normalised text equals that of a kept document.",
    DropReason.NEAR_DUPLICATE: (
        "Its shingle set reaches the Jaccard threshold with a kept document."
    ),
    DropReason.CONTAINED: (
        "Its shingle set lies, to the containment threshold, in a longer kept document."
    ),
    DropReason.CONTAMINATED: "It holds a text of an evaluation set.",
    DropReason.ONLY_BOILERPLATE: "Nothing is left once boilerplate paragraphs are cut.",
    DropReason.ERASED: "Its erasure was requested: it held a value to be forgotten.",
    QuarantineReason.INVALID_UTF8: "The bytes are not valid UTF-8.",
    QuarantineReason.NUL_CHARACTER: "The text holds a NUL character (U+0000).",
    QuarantineReason.LONE_SURROGATE: "An escape names half of a surrogate pair.",
    QuarantineReason.MISSING_TEXT: "The text column is null or absent in this record.",
    QuarantineReason.WRONG_TYPE: "The text is not a string.",
    QuarantineReason.NOT_AN_OBJECT: "The JSON line is not an object.",
    QuarantineReason.MALFORMED_RECORD: "The line cannot be parsed.",
    QuarantineReason.TRUNCATED_FILE: "The compressed file ends before its end marker.",
    QuarantineReason.UNREADABLE_FILE: "The file cannot be read at all.",
    QuarantineReason.TOO_LONG: "The text is longer than limits.max_document_chars.",
    QuarantineReason.DUPLICATE_ID: (
        "Another document of the same source has this id and a different text."
    ),
    QuarantineReason.DETECTOR_ERROR: "The PII detector failed on this document.",
    QuarantineReason.DETECTOR_TIMEOUT: "The PII detector ran out of time.",
}
"""One sentence a reason, for the report and the documentation."""
