"""The page of an evaluation, in the frame of the report of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.html import render_page, told_verdict
from isinglass.pipelines.report.model import KeyFigure
from isinglass.pipelines.report.text import decimal, grouped, percent, shorten
from isinglass.pipelines.report.verdict import (
    gate_reasons,
    gates_met,
    gates_section,
)
from isinglass.schemas.evaluation import ModelEvaluation

ABSENCE = (
    "Such tests can show that a model holds an association, never that it holds none: "
    "other words, other sentences or another language may show what these do not. An "
    "effect says nothing of what an application of the model does with it."
)
"""After May et al. (2019) and Guo and Caliskan (2021)."""

_FOOT = (
    "Made from model.json and audit/statistics.parquet, which hold every number of "
    "this page."
)
_COMPARE = (
    "After the next release of the model, evaluate it again and compare: a gate with "
    "`baseline` is about the change since this folder."
)


def evaluation_page(
    evaluation: ModelEvaluation, sections: Sequence[page.Section]
) -> str:
    """The page as HTML without scripts or references to anything outside."""
    every = [
        *sections,
        gates_section(evaluation.gates),
        _models_section(evaluation),
    ]
    return render_page(_head(evaluation), every)


def verdict_lines(evaluation: ModelEvaluation) -> list[str]:
    """Why the verdict is what it is, worst first."""
    reasons = [*gate_reasons(evaluation.gates), *evaluation.warnings]
    return reasons or [f"Every test was done. {gates_met(evaluation.gates)}"]


def _head(evaluation: ModelEvaluation) -> dict[str, Any]:
    return {
        "title": shorten(evaluation.name),
        "subtitle": (
            f"evaluation of a model · {evaluation.created} · "
            f"isinglass {evaluation.isinglass_version}"
        ),
        **told_verdict(evaluation.verdict, verdict_lines(evaluation)),
        "flow": None,
        "figures": _figures(evaluation),
        "unsought": [ABSENCE],
        "left": [],
        "steps": [_COMPARE],
        "foot": _FOOT,
    }


def _figures(evaluation: ModelEvaluation) -> list[KeyFigure]:
    told = []
    for name in ("weat", "seat", "ceat"):
        found = getattr(evaluation.kinds, name)
        if found is not None:
            number = decimal(found.mean_absolute_effect_size)
            note = f"mean of {grouped(len(found.tests))} effect sizes without sign"
            told.append(KeyFigure(name.upper(), number, note))
    pairs, items = evaluation.kinds.crows_pairs, evaluation.kinds.stereoset
    if pairs is not None:
        share = percent(pairs.overall.more / pairs.overall.pairs)
        note = "of pairs: the more stereotyping sentence is likelier"
        told.append(KeyFigure("CrowS-Pairs", share, note))
    if items is not None:
        note = f"ICAT; stereotype score {decimal(items.overall.ss)}"
        told.append(KeyFigure("StereoSet", decimal(items.overall.icat), note))
    return told


def _models_section(evaluation: ModelEvaluation) -> page.Section:
    """What the numbers depend on, and with what they were computed."""
    files: list[page.Row] = [
        [shorten(one.name), one.role, page.digest(one.sha256)]
        for one in evaluation.models
    ]
    lists: list[page.Row] = [
        [one.name, f"word lists, version {one.version}", page.digest(one.sha256)]
        for one in evaluation.lexicons
    ]
    notes = [[name, told] for name, told in evaluation.notes.items()]
    heads = page.columns("<File", "<What it is", "<SHA-256")
    blocks = [page.table("Models and data", heads, [*files, *lists])]
    if notes:
        heads = page.columns("<What", "<Value")
        blocks.append(page.table("Computed with", heads, notes))
    said = f"{grouped(len(files))} files of the model, {grouped(len(lists))} of data."
    return page.Section("models", "Model and data", tuple(blocks), said=said)
