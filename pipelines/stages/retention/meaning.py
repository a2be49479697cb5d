"""What a loss is called in the report, and what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from isinglass.pipelines.report.text import shorten, words_of
from isinglass.schemas.reasons import REASON_TEXT, DropReason, QuarantineReason

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData

_DUPLICATES, _READING = "Deduplication", "Reading"
_STAGES: dict[str, str] = {
    DropReason.EMPTY: _READING,
    DropReason.EXACT_DUPLICATE: _DUPLICATES,
    DropReason.NEAR_DUPLICATE: _DUPLICATES,
    DropReason.CONTAINED: _DUPLICATES,
    DropReason.CONTAMINATED: "Evaluation texts",
    DropReason.ONLY_BOILERPLATE: "Boilerplate",
    DropReason.ERASED: "Erasure",
    QuarantineReason.DUPLICATE_ID: _READING,
    QuarantineReason.DETECTOR_ERROR: "Search for personal data",
    QuarantineReason.DETECTOR_TIMEOUT: "Search for personal data",
}
"""The stage that a reason belongs to. Others begin with the name of theirs."""

_CUTS = {
    ("boilerplate", ""): (
        "Boilerplate: paragraphs cut",
        "Paragraphs that many documents of a source share were cut out of the others.",
    ),
    ("erase", ""): ("Erasure: places cut", "What was to be forgotten was taken out."),
    ("pii", ""): (
        "Personal data: something replaced",
        "An identifier or a name was replaced in the document, at least once.",
    ),
    ("pii", "PERSON"): (
        "Personal data: names replaced",
        (
            "The name of a person was replaced in the document, at least once. Groups "
            "are those that the document mentions: the origin of names is not seen."
        ),
    ),
}
"""Title and meaning of what is cut, by stage and kind of finding."""


class Loss(NamedTuple):
    """Documents removed for a reason, or cut by a stage.

    Attributes:
        reason: The reason, or the stage that cuts.
        entity: The kind of findings that it is about; empty for all.
    """

    cuts: bool
    reason: str
    entity: str


def title_of(loss: Loss) -> str:
    """Stage and reason, as words."""
    if loss.cuts:
        own = f"{words_of(loss.reason)}: text changed"
        return shorten(_CUTS.get((loss.reason, loss.entity), (own, ""))[0])
    stage, _, own = loss.reason.rpartition(".")
    stage = _STAGES.get(loss.reason, words_of(stage))
    return shorten(f"{stage}: {words_of(own)}" if stage else words_of(own))


def what_it_is(data: ReportData, loss: Loss) -> str:
    """A sentence for a reader who has not seen the configuration."""
    if loss.cuts:
        own = f"The stage {words_of(loss.reason)} changed something in the document."
        return shorten(_CUTS.get((loss.reason, loss.entity), ("", own))[1])
    for stage in data.manifest.stages.values():
        if loss.reason in stage.reasons:
            return shorten(stage.reasons[loss.reason])
    return REASON_TEXT.get(loss.reason, f"Removed as {shorten(words_of(loss.reason))}.")
