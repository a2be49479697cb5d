"""Whether what is told of a person's marks follows from them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from isinglass.pipelines.explain.folder import RunFolder
from isinglass.pipelines.proof.check import Check, FinishedRun, conclude
from isinglass.pipelines.review.marks import read_marks_file
from isinglass.pipelines.review.measure import measure
from isinglass.pipelines.review.told import review_statistics
from isinglass.schemas.errors import InputError

if TYPE_CHECKING:
    from isinglass.schemas.review import ReviewSummary

REVIEW = "review"


def check_review(run: FinishedRun) -> list[Check]:
    """Statistics are those of the manifest, and these those of the file of marks."""
    review = run.manifest.review
    asked = run.config.review
    if review is None and asked is None:
        return []
    faults = []
    if review is None or asked is None or asked.marks != review.marks:
        faults.append("configuration and manifest name different files of marks")
    told = [row for row in run.statistics() if row.metric.startswith("review.")]
    if Counter(told) != Counter(review_statistics(review)):
        faults.append("statistics and manifest tell different shares")
    if faults or review is None:
        return [conclude(REVIEW, faults, "")]
    return [_measured_again(run, review)]


def _measured_again(run: FinishedRun, review: ReviewSummary) -> Check:
    try:
        file = read_marks_file(Path(review.marks))
        if file.sha256 != review.sha256:
            return Check(REVIEW, "skipped", f"{review.marks} changed since the run")
        again = measure(RunFolder.open(run.folder), file)
    except InputError as error:
        return Check(REVIEW, "skipped", str(error).rstrip("."))
    faults = [] if again == review else ["the shares do not follow from the marks"]
    return conclude(REVIEW, faults, f"{review.given:,} marks")
