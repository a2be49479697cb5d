"""What marks of a person say, as statistics and as warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.statistics import RUN
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.statistics.characteristics import statistic

if TYPE_CHECKING:
    from isinglass.schemas.marks import Kind
    from isinglass.schemas.review import ReviewedKind, ReviewSummary

PRECISION, RECALL = "review.precision", "review.recall"
_SLICES: dict[Kind, tuple[str, ...]] = {
    "finding": ("entity",),
    "removal": ("reason",),
    "filter": ("reason",),
    "mention": ("language", "axis", "group", "entity"),
}
"""Columns that the parts of a label are told in; a term is an entity that was found."""
_PLURAL = {
    "finding": "findings of {}",
    "removal": "removals as {}",
    "filter": "removals as {}",
    "mention": "mentions by {}",
    "rejected": "places of {} that are not counted",
    "kept": "passages of kept texts",
}


def review_statistics(review: ReviewSummary | None) -> list[Statistic]:
    """Precision of each entity and reason, and recall of each entity."""
    if review is None:
        return []
    rows = [
        statistic(
            PRECISION,
            one.share,
            "share",
            RUN,
            numerator=one.right,
            denominator=one.right + one.wrong,
            low=one.low,
            high=one.high,
            **_slices(one),
        )
        for one in review.judged
        if one.kind in _SLICES and one.share is not None
    ]
    return rows + [
        statistic(
            RECALL,
            one.recall,
            "share",
            RUN,
            numerator=one.found,
            denominator=one.found + one.missed,
            low=one.low,
            high=one.high,
            entity=one.label,
        )
        for one in review.recall
    ]


def _slices(one: ReviewedKind) -> dict[str, str]:
    columns = _SLICES[one.kind]
    parts = one.label.split("/", len(columns) - 1)
    return dict(zip(columns, parts, strict=True))


def review_warnings(review: ReviewSummary | None) -> list[str]:
    """What keeps the marks from being a random sample of this run."""
    if review is None:
        return []
    warnings = [
        f"{one.unmarked} of the first {one.sampled} {named(one)} in the order of the "
        f"sample have no mark, so the {one.behind} marks behind the first of them are "
        "not counted: they are no random sample. Mark the others by `isinglass review`."
        for one in review.judged
        if one.unmarked
    ]
    if review.not_of_inputs:
        warnings.append(
            f"{review.not_of_inputs} of {review.given} marks are on files that are no "
            "inputs of this run or changed since; they are not counted."
        )
    return warnings


def named(one: ReviewedKind) -> str:
    """What was judged, in the plural."""
    return _PLURAL[one.kind].format(one.label)
