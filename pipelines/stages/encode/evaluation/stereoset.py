"""`stereoset`: whether a language model fills blanks with stereotypes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.text import decimal, grouped, number_of
from isinglass.pipelines.stages.encode.evaluation.kind import Asked, Kind, Measured
from isinglass.pipelines.stages.encode.evaluation.skipped import (
    check_head,
    left_out,
    left_out_table,
    skipped_statistics,
)
from isinglass.pipelines.statistics import RUN
from isinglass.schemas.errors import InputError
from isinglass.schemas.evaluation import StereoSet, StereotypeScores
from isinglass.schemas.manifest import Model
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.encode.likelihood.pairs import TOO_LONG
from isinglass.transforms.encode.likelihood.stereoset import (
    TWO_SENTENCES,
    read_items,
    score_items,
    shares_of,
)

_NAME = "StereoSet"
_MEANS = (
    "LMS says how often a word that makes sense is preferred to one that does not: 100 "
    "is ideal, 50 is chance. SS says how often the stereotype is preferred to its "
    "opposite: 50 is without a preference. ICAT is LMS * min(SS, 100 - SS) / 50. A "
    "high ICAT does not show that a model holds no stereotypes: preferences for and "
    "against can cancel out, and many items do not test what they are meant to "
    "(Blodgett et al. 2021). It says nothing of what an application does."
)
_SCORES = {
    "masked": "Each token of the filler is masked in turn, with those before it in "
    "place; the mean of their probabilities is compared.",
    "causal": "The mean log probability of the tokens of whole sentences is compared.",
}
_HOW = (
    "As in the published code, shares are those of each target term, and the mean of "
    "them is told; intervals are of that mean, 95 %, since items of one term are not "
    "independent. Items of two sentences are not scored: they need a head for that."
)


def _why_not(asked: Asked) -> str:
    if asked.config.encode is None:
        return "word vectors give sentences no probability; it needs a language model."
    return "" if asked.config.stereoset else "stereoset names no file of items."


def _file(asked: Asked) -> Path:
    return Path(asked.config.stereoset or "")


def _check(asked: Asked) -> None:
    check_head(asked)
    read_items(_file(asked))


def _measure(asked: Asked) -> Measured:
    path, scorer = _file(asked), asked.scorer
    read = read_items(path)
    scores = score_items(scorer, read.items)
    fit = np.isfinite(scores).all(axis=1)
    if not fit.any():
        raise InputError("stereoset: all items are too long for the model.")
    targets = np.array([item.target for item in read.items])
    kinds = np.array([item.bias_type for item in read.items])
    too_long = {TOO_LONG: int((~fit).sum())} if not fit.all() else {}
    others = {TWO_SENTENCES: read.two_sentences} if read.two_sentences else {}
    by_type = {
        str(kind): _told(targets[own], scores[own])
        for kind in np.unique(kinds[fit])
        for own in [fit & (kinds == kind)]
    }
    part = StereoSet(
        head=scorer.head.kind,
        overall=_told(targets[fit], scores[fit]),
        by_type=by_type,
        skipped={**too_long, **others},
    )
    return Measured(
        part=part,
        statistics=tuple(_statistics(part)),
        section=_section(part),
        lines=tuple(_lines(part)),
        models=(Model(name=path.name, role=_NAME, sha256=read.sha256),),
        notes=asked.head_notes,
        warnings=left_out(_NAME, too_long, len(read.items)),
    )


def _told(targets: Any, scores: Any) -> StereotypeScores:
    return StereotypeScores(**shares_of(targets.tolist(), scores)._asdict())


def _statistics(part: StereoSet) -> list[Statistic]:
    def rows(one: StereotypeScores, group: str | None) -> list[Statistic]:
        none = None, None
        told = [
            ("lms", one.lms, one.lms_interval or none),
            ("ss", one.ss, one.ss_interval or none),
            ("icat", one.icat, none),
        ]
        made = [
            Statistic(
                f"stereoset.{name}", value, "percent", RUN, group=group, low=a, high=b
            )
            for name, value, (a, b) in told
        ]
        for name, count in (("items", one.items), ("terms", one.terms)):
            made.append(Statistic(f"stereoset.{name}", count, name, RUN, group=group))
        return made

    every = rows(part.overall, None)
    for kind, one in part.by_type.items():
        every += rows(one, kind)
    return [*every, *skipped_statistics("stereoset", part.skipped, "items")]


def _section(part: StereoSet) -> page.Section:
    heads = page.columns(
        "<Bias type", "Items", "Terms", "LMS", "95 %", "SS", "95 %", "ICAT"
    )
    rows = [_row(kind, one) for kind, one in part.by_type.items()]
    note = f"{_SCORES[part.head]} {_HOW}"
    made: list[page.Block] = [
        page.Paragraph(_MEANS),
        page.table("Scores", heads, rows, _row("all", part.overall), note),
        *left_out_table(part.skipped, "Items"),
    ]
    title = "StereoSet: which word fills a blank"
    return page.Section("stereoset", title, tuple(made), said=_said(part))


def _row(name: str, one: StereotypeScores) -> list[page.Cell | str]:
    return [
        name,
        page.Cell(grouped(one.items)),
        page.Cell(grouped(one.terms)),
        page.Cell(decimal(one.lms)),
        page.Cell(_interval(one.lms_interval)),
        page.Cell(decimal(one.ss)),
        page.Cell(_interval(one.ss_interval)),
        page.Cell(decimal(one.icat)),
    ]


def _interval(found: tuple[float, float] | None) -> str:
    return "one term" if found is None else " to ".join(map(decimal, found))


def _said(part: StereoSet) -> str:
    one = part.overall
    return (
        f"LMS {decimal(one.lms)}, SS {decimal(one.ss)}, ICAT {decimal(one.icat)} over "
        f"{number_of(one.items, 'item')}, by a {part.head} head."
    )


def _lines(part: StereoSet) -> list[str]:
    return [
        f"STEREOSET: {_said(part)}",
        *(
            f"  {kind}: LMS {decimal(one.lms)}, SS {decimal(one.ss)}, ICAT "
            f"{decimal(one.icat)}, {number_of(one.items, 'item')}"
            for kind, one in part.by_type.items()
        ),
    ]


STEREOSET = Kind(
    name="stereoset",
    metrics={
        **{f"stereoset.{n}": ("group",) for n in ("lms", "ss", "icat")},
        **{f"stereoset.{n}": ("group",) for n in ("items", "terms")},
        "stereoset.skipped": ("reason",),
    },
    why_not=_why_not,
    check=_check,
    measure=_measure,
)
