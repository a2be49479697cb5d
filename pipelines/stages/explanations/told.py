"""What the explanations of many documents say together, as statistics and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from isinglass.pipelines.statistics import RUN
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.explanations.pieces import pieces, words
from isinglass.transforms.explanations.summary import (
    Mean,
    driving_words,
    mean,
    means_by,
)

if TYPE_CHECKING:
    from isinglass.pipelines.stages.explanations.aim import Aim
    from isinglass.pipelines.stages.explanations.documents import Explained
    from isinglass.transforms.demographics.lexicon import Lexicons
    from isinglass.transforms.explanations.counterfactual import Swap

MOST_WORDS = 40
_DIGITS = 6

FAITHFUL = {
    "comprehensiveness": "the tokens that add most are taken out",
    "random_comprehensiveness": "as many random ones are",
    "sufficiency": "they alone are left",
    "random_sufficiency": "as many random ones are",
}
"""What each measure says: how far the number falls when this is done."""


@dataclass(frozen=True)
class Gap:
    """How far a number moves where a term, or a group, takes the place of another.

    Attributes:
        before: Group that the text spoke of; empty where it may be any.
        after: Group of what takes its place.
        term: What takes its place; empty for any term of the group.
        mean: Over documents, in units of the number.
        spreads: The mean in standard deviations of the number over the run.
        finding: Whether that is far, and no chance.
    """

    before: str
    after: str
    term: str
    mean: Mean
    spreads: float
    finding: bool


@dataclass(frozen=True)
class Summary:
    """What is said of all explained documents together.

    Attributes:
        words: What adds most to the number.
        faithful: By the names of `FAITHFUL`.
        better: Documents that fall further without what adds most than without random
            tokens, and all that could be measured.
        gaps: By group and by term.
        swapped: Documents with a swap.
    """

    axis: str
    words: Sequence[tuple[str, Mean]]
    faithful: Mapping[str, Mean]
    better: tuple[int, int]
    gaps: Sequence[Gap]
    swapped: int
    entropy: Sequence[Mean] = field(default_factory=list)

    @property
    def findings(self) -> list[Gap]:
        """The gaps that are far and no chance."""
        return [gap for gap in self.gaps if gap.finding]


def summarise(
    explained: Sequence[Explained],
    aim: Aim,
    lexicons: Lexicons,
    axis: str,
    limit: float,
) -> Summary:
    """Bring the explanations of at least one document together.

    Args:
        explained: The documents.
        aim: What was explained.
        lexicons: Of which the swaps are.
        axis: Whose terms were swapped.
        limit: Standard deviations from which on a gap is a finding.
    """
    measured = [one.faithful for one in explained if one.faithful is not None]
    seen = [one.attention.entropy for one in explained if one.attention is not None]
    layers = range(len(seen[0])) if seen else ()
    return Summary(
        axis=axis,
        words=driving_words(_words(explained), MOST_WORDS),
        faithful={
            name: mean([getattr(one, name) for one in measured])
            for name in FAITHFUL
            if measured
        },
        better=(
            sum(o.comprehensiveness > o.random_comprehensiveness for o in measured),
            len(measured),
        ),
        gaps=_gaps(explained, lexicons, aim.spread, limit),
        swapped=sum(bool(one.gaps) for one in explained),
        entropy=[mean([float(one[at].mean()) for one in seen]) for at in layers],
    )


def _words(explained: Sequence[Explained]) -> Iterator[tuple[str, str, float]]:
    for one in explained:
        added = one.attribution.tokens
        for word, value in words(one.text, one.tokens, one.masked, added):
            yield word, one.doc_id, value


def _gaps(
    explained: Sequence[Explained], lexicons: Lexicons, spread: float, limit: float
) -> list[Gap]:
    rows = []
    for one in explained:
        for swap, moved in one.gaps:
            (_, (_, before), _), (own, (_, after), other) = (
                lexicons.terms[place] for place in swap
            )
            rows.append(((before, after, ""), one.doc_id, moved))
            name = f"{own.language}/{other.term}"
            rows.append((("", after, name), one.doc_id, moved))
    found = []
    for (before, after, term), own_mean in means_by(rows).items():
        far = own_mean.value / spread if spread else 0.0
        finding = own_mean.sure and abs(far) >= limit and before != after
        found.append(Gap(before, after, term, own_mean, far, finding))
    return found


def statistics(
    summary: Summary, explained: Sequence[Explained], left_out: int
) -> list[Statistic]:
    """All of it as rows of a table like `audit/statistics.parquet`."""
    return [
        *_of_checks(explained, left_out),
        *_of_summary(summary),
        *(_of_gap(gap, summary.axis) for gap in summary.gaps),
    ]


def _of_checks(explained: Sequence[Explained], left_out: int) -> Iterator[Statistic]:
    count = len(explained)
    yield _row("explanations.documents", count, "documents")
    yield _row("explanations.left_out", left_out, "documents")
    right = sum(one.attribution.complete for one in explained)
    yield _row(
        "explanations.complete",
        right / count,
        "share",
        numerator=right,
        denominator=count,
    )
    off = [one.attribution.off for one in explained]
    yield _row("explanations.completeness_gap", max(off), "share of the difference")
    steps = [float(one.attribution.steps) for one in explained]
    yield _of_mean("explanations.steps", mean(steps), "points")
    errors = [o.attention.row_error for o in explained if o.attention is not None]
    if errors:
        yield _row("explanations.rollout_row_error", max(errors), "share")
    moved = [abs(one.attribution.value - one.stored) for one in explained]
    yield _row("explanations.number_error", max(moved), "number")


def _of_summary(summary: Summary) -> Iterator[Statistic]:
    for layer, one in enumerate(summary.entropy, 1):
        at = {"position": f"layer {layer}"}
        yield _of_mean("explanations.head_entropy", one, "share", **at)
    for name, one in summary.faithful.items():
        yield _of_mean(f"explanations.{name}", one, "number")
    better, of = summary.better
    if of:
        yield _row(
            "explanations.better_than_random",
            better / of,
            "share",
            numerator=better,
            denominator=of,
        )
    yield _row("explanations.swapped_documents", summary.swapped, "documents")
    yield _row("explanations.findings", len(summary.findings), "gaps")


def _of_gap(gap: Gap, axis: str) -> Statistic:
    slices = {"axis": axis, "group": gap.after, "entity": gap.term or None}
    if gap.before:
        slices["reason"] = f"in place of {gap.before}"
    return _of_mean("explanations.swap_gap", gap.mean, "number", **slices)


def _of_mean(metric: str, one: Mean, unit: str, **columns: Any) -> Statistic:
    return _row(
        metric,
        one.value,
        unit,
        denominator=one.count,
        low=one.low,
        high=one.high,
        **columns,
    )


def _row(metric: str, value: float, unit: str, **columns: Any) -> Statistic:
    fair = metric in ("explanations.swap_gap", "explanations.findings")
    about = "Representativeness" if fair else "Auditability"
    return Statistic(metric, float(value), unit, RUN, about, **columns)


def summary_json(summary: Summary) -> dict[str, Any]:
    """The summary as JSON; no word of fewer than three documents is in it."""
    return {
        "words": [{"word": word, **asdict(one)} for word, one in summary.words],
        "faithfulness": {
            name: {**asdict(one), "falls_when": FAITHFUL[name]}
            for name, one in summary.faithful.items()
        },
        "better_than_random": list(summary.better),
        "head_entropy": [asdict(one) for one in summary.entropy],
        "identity_terms": {
            "axis": summary.axis,
            "documents": summary.swapped,
            "gaps": [_flat(gap) for gap in summary.gaps],
            "findings": [_flat(gap) for gap in summary.findings],
        },
    }


def _flat(gap: Gap) -> dict[str, Any]:
    told = asdict(gap)
    mean_of = told.pop("mean")
    return {**told, **mean_of}


def document_json(one: Explained, lexicons: Lexicons) -> dict[str, Any]:
    """An explanation as JSON, with tokens as they may be shown."""
    added = one.attribution
    return {
        "doc_id": one.doc_id,
        "number": one.target.name,
        "value": added.value,
        "value_of_run": one.stored,
        "baseline": added.baseline,
        "steps": added.steps,
        "completeness_gap": added.off,
        "complete": added.complete,
        **_tokens_json(one),
        "faithfulness": one.faithful and asdict(one.faithful),
        "swaps": [_swap_json(swap, moved, lexicons) for swap, moved in one.gaps],
    }


def _swap_json(swap: Swap, moved: float, lexicons: Lexicons) -> dict[str, Any]:
    (_, (_, group), term), (_, (_, other_group), other) = (
        lexicons.terms[place] for place in swap
    )
    return {
        "term": term.term,
        "group": group,
        "other": other.term,
        "other_group": other_group,
        "moved": moved,
    }


def _tokens_json(one: Explained) -> dict[str, Any]:
    """What is shown of the text, with what each piece of it adds and is looked at."""
    added, attention = one.attribution.tokens, one.attention
    shown = pieces(one.text, one.tokens, one.masked)
    around = tuple(np.flatnonzero(~one.tokens.text).tolist())

    def summed(values: np.ndarray, places: tuple[int, ...]) -> float:
        return float(values[list(places)].sum())

    return {
        "tokens": [
            {
                "shown": piece.shown,
                "spaced": piece.spaced,
                "masked": piece.masked,
                "added": summed(added, piece.tokens),
                "rollout": attention and summed(attention.rolled, piece.tokens),
            }
            for piece in shown
        ],
        "special_tokens": {
            "count": len(around),
            "added": summed(added, around),
            "rollout": attention and summed(attention.rolled, around),
        },
        "attention": attention
        and {
            "received": [
                [summed(layer, piece.tokens) for piece in shown]
                for layer in attention.received
            ],
            "head_entropy": attention.entropy.tolist(),
            "rollout_row_error": attention.row_error,
        },
    }


def rounded(value: Any) -> Any:
    """A JSON-able value with numbers of so many digits as float32 carries."""
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(one) for one in value]
    return value
