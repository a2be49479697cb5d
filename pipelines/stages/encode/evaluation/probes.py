"""`probes`: what classifiers read out of the vectors of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.svg import Whisker, whiskers
from isinglass.pipelines.report.text import grouped, percent
from isinglass.pipelines.stages.encode.evaluation.kind import Asked, Kind, Measured
from isinglass.pipelines.stages.encode.evaluation.run_vectors import (
    Drawn,
    VectorRun,
    draw_vectors,
    open_run,
)
from isinglass.pipelines.statistics import RUN
from isinglass.schemas.config.explain import hint
from isinglass.schemas.errors import ConfigError
from isinglass.schemas.evaluation import ProbedGroup, Probes
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.statistics.intervals import wilson
from isinglass.transforms.statistics.probes import LEAST_EACH, probe

TOO_FEW = "too few to say"
MAJORITY = 0.5
"""Held-out documents are drawn so that as many mention a group as do not."""

_MEANS = (
    "A share above 50 % shows that the vectors tell whether a document mentions a "
    "group, or something that goes with it: topic, source, language or style. It does "
    "not show that anything uses this. A share near 50 % shows that these classifiers, "
    "trained on so few documents, read nothing; others may. Mentions are words of a "
    "lexicon, not what people are."
)
_HOW = (
    "A logistic regression on scaled values, and the majority of the 10 nearest "
    "documents, each trained on one half of the documents and tried on the other. In "
    "both halves as many mention the group as do not: the rate of the majority is 50 "
    f"%. Fewer than {4 * LEAST_EACH} such documents are {TOO_FEW}."
)


def _why_not(asked: Asked) -> str:
    if asked.config.encode is None:
        return "word vectors are of no run; it needs an encoder."
    return "" if asked.config.probes.run else "probes.run names no run with vectors."


def _run(asked: Asked) -> VectorRun:
    return open_run(Path(asked.config.probes.run or ""), asked.models)


def _check(asked: Asked) -> None:
    known = sorted({axis for axis, _ in _run(asked).groups})
    for axis in asked.config.probes.axes:
        if axis not in known:
            said = hint(axis, known)
            raise ConfigError(f"probes.axes: the run counts no {axis}; {said}")


def _measure(asked: Asked) -> Measured:
    config, run = asked.config.probes, _run(asked)
    drawn = draw_vectors(run, config.documents, asked.config.seed)
    axes = config.axes or tuple(dict.fromkeys(axis for axis, _ in run.groups))
    groups: list[ProbedGroup] = []
    with threadpool_limits(1):
        for axis in axes:
            groups += _of_axis(run, drawn, axis, config.groups)
    part = Probes(
        run_id=run.manifest.run_id, documents=len(drawn.vectors), groups=groups
    )
    return Measured(
        part=part,
        statistics=tuple(_statistics(part)),
        section=_section(part),
        lines=tuple(_lines(part)),
        lexicons=run.lexicons.entries,
        notes={"vectors of the run": part.run_id},
    )


def _of_axis(run: VectorRun, drawn: Drawn, axis: str, most: int) -> list[ProbedGroup]:
    """Probe the most frequent groups of an axis; groups nobody mentions are no row."""
    columns = np.array([n for n, (own, _) in enumerate(run.groups) if own == axis])
    counts = drawn.labels[:, columns].sum(axis=0)
    told = []
    for place in np.argsort(-counts, kind="stable")[:most]:
        if not counts[place]:
            break
        column = int(columns[place])
        found = probe(drawn.vectors, drawn.labels[:, column])
        one = ProbedGroup(
            axis=axis,
            group=run.groups[column][1],
            mentioned=int(counts[place]),
            documents=len(drawn.vectors),
        )
        told.append(one if found is None else one.model_copy(update=found._asdict()))
    return told


def _statistics(part: Probes) -> list[Statistic]:
    rows = [Statistic("probes.documents", part.documents, "documents", RUN)]
    for one in part.groups:
        slices: dict[str, Any] = {"axis": one.axis, "group": one.group}
        count = Statistic("probes.mentioned", one.mentioned, "documents", RUN, **slices)
        rows.append(count)
        if one.rows is None:
            continue
        for name, right in (("linear", one.linear), ("nearest", one.nearest)):
            low, high = wilson(right or 0, one.rows)
            rows.append(
                Statistic(
                    f"probes.{name}_accuracy",
                    (right or 0) / one.rows,
                    "share",
                    RUN,
                    numerator=right,
                    denominator=one.rows,
                    low=low,
                    high=high,
                    **slices,
                )
            )
        rows.append(Statistic("probes.majority", MAJORITY, "share", RUN, **slices))
    return rows


def _section(part: Probes) -> page.Section:
    done = [one for one in part.groups if one.rows]
    dots = [
        Whisker(
            f"{one.axis}: {one.group}",
            (one.linear or 0) / (one.rows or 1),
            *wilson(one.linear or 0, one.rows or 0),
        )
        for one in done
    ]
    what = "Held-out documents of which a linear classifier tells the group"
    heads = page.columns(
        "<Axis",
        "<Group",
        "Mention it",
        "Held out",
        "Linear",
        "95 %",
        "Nearest",
        "Majority",
    )
    made: list[page.Block] = [page.Paragraph(_MEANS)]
    if dots:
        dots.append(Whisker("majority", MAJORITY, MAJORITY, MAJORITY))
        caption = f"{what}, with 95 % intervals (Wilson), and the majority."
        made.append(page.Figure(whiskers(dots, what), caption))
    made.append(page.table(what, heads, map(_row, part.groups), note=_HOW))
    title = "Probes: what is read out of vectors"
    return page.Section("probes", title, tuple(made), said=_said(part))


def _row(one: ProbedGroup) -> list[page.Cell | str]:
    first: list[page.Cell | str] = [one.axis, one.group]
    first.append(page.Cell(f"{grouped(one.mentioned)} of {grouped(one.documents)}"))
    if not one.rows:
        return [*first, page.Cell(TOO_FEW), *(page.Cell("") for _ in range(4))]
    low, high = wilson(one.linear or 0, one.rows)
    return [
        *first,
        page.Cell(grouped(one.rows)),
        page.Cell(percent((one.linear or 0) / one.rows)),
        page.Cell(f"{percent(low)} to {percent(high)}"),
        page.Cell(percent((one.nearest or 0) / one.rows)),
        page.Cell(percent(MAJORITY)),
    ]


def _said(part: Probes) -> str:
    done = [one for one in part.groups if one.rows]
    few = len(part.groups) - len(done)
    told = f"{grouped(part.documents)} documents; {grouped(len(done))} groups probed"
    told += f", of {grouped(few)} there are {TOO_FEW}" if few else ""
    above = sum(wilson(one.linear or 0, one.rows or 0)[0] > MAJORITY for one in done)
    if not done:
        return f"{told}."
    return f"{told}; {grouped(above)} are told better than by the majority."


def _lines(part: Probes) -> list[str]:
    lines = [f"PROBES: {_said(part)}"]
    for one in part.groups:
        told = TOO_FEW
        if one.rows:
            low, high = wilson(one.linear or 0, one.rows)
            share = percent((one.linear or 0) / one.rows)
            told = (
                f"{share} of {grouped(one.rows)} held out, {percent(low)} to "
                f"{percent(high)}; majority {percent(MAJORITY)}"
            )
        lines.append(f"  {one.axis}, {one.group}: {told}")
    return lines


PROBES = Kind(
    name="probes",
    metrics={
        "probes.documents": (),
        **{
            f"probes.{name}": ("axis", "group")
            for name in ("mentioned", "linear_accuracy", "nearest_accuracy", "majority")
        },
    },
    why_not=_why_not,
    check=_check,
    measure=_measure,
)
