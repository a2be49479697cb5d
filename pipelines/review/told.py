"""What marks of a person say, as statistics and as warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.statistics import RUN
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.statistics.characteristics import statistic

if TYPE_CHECKING:
    from isinglass.schemas.review import ReviewedKind, ReviewSummary

PRECISION, RECALL = "review.precision", "review.recall"
_SLICE = {"finding": "entity", "removal": "reason", "filter": "reason"}
_PLURAL = {
    "finding": "findings of {}",
    "removal": "removals as {}",
    "filter": "removals as {}",
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
            **{_SLICE[one.kind]: one.label},
        )
        for one in review.judged
        if one.kind in _SLICE and one.share is not None
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


def review_warnings(review: ReviewSummary | None) -> list[str]:
    """What keeps the marks from being a random sample of this run."""
    if review is None:
        return []
    warnings = [
        f"{one.unmarked} of the first {one.sampled} {named(one)} in the order of the "
        "sample have no mark, so the estimate is of the others; mark them by "
        "`isinglass review`."
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
