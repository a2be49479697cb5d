"""`isinglass evaluate pii`: precision and recall on labelled text of your own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from isinglass.cli.options import Format, FormatOption, read_config
from isinglass.schemas.config import PiiConfig
from isinglass.schemas.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from isinglass.pipelines.stages.pii.evaluate import Evaluation, Labelled
    from isinglass.transforms.pii.evaluation.scoring import Score, Span

Mode = Literal["fast", "exact", "identifiers"]

app = typer.Typer(
    help="Measure on labelled data of your own.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def _group() -> None:
    """Measure on labelled data of your own."""


@app.command("pii")
def pii(
    data: Annotated[
        Path,
        typer.Option(
            help="JSON lines: text, spans [{start, end, label}], lang; or .gz."
        ),
    ],
    *,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Its pii section is used; else defaults."),
    ] = None,
    mode: Annotated[
        str | None, typer.Option(help="fast, exact or identifiers.")
    ] = None,
    language: Annotated[
        str, typer.Option(help="Language of records that name none.")
    ] = "en",
    map_: Annotated[
        list[str] | None, typer.Option("--map", help="LABEL=ENTITY. Repeatable.")
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(help="A label that is not to be scored. Repeatable."),
    ] = None,
    examples: Annotated[
        int, typer.Option(min=0, help="Misses and false hits shown of each entity.")
    ] = 0,
    show_text: Annotated[
        bool, typer.Option("--show-text", help="Show the text of these as well.")
    ] = False,
    format_: FormatOption = Format.TEXT,
) -> int:
    """Score the findings in texts whose personal data is labelled.

    A labelled span is found if a finding of its entity overlaps it. Texts are not
    shown, unless asked for by --show-text.
    """
    section = _section(config, mode)
    # Heavy imports wait until the arguments are known to be right.
    from isinglass.pipelines.stages.pii.evaluate import (  # noqa: PLC0415
        evaluate,
        looked_for,
        read_labelled,
    )
    from isinglass.transforms.pii.evaluation.labels import Labels  # noqa: PLC0415

    labelled = read_labelled(data, language)
    labels = Labels.of(looked_for(section), map_ or (), ignore or ())
    evaluation = evaluate(section, labelled, labels)
    shown = _examples(evaluation, labelled, examples, show_text=show_text)
    if format_ is Format.JSON:
        typer.echo(json.dumps(as_json(evaluation, shown), indent=2))
    else:
        from isinglass.cli.evaluate_table import show  # noqa: PLC0415

        show(as_json(evaluation, shown), sys.stdout)
    return 0


def _section(config: Path | None, mode: str | None) -> PiiConfig:
    """The `pii` section with its files where they are.

    Raises:
        ConfigError: There is no such section or mode.
    """
    from isinglass.transforms.pii.plugins.value_files import (  # noqa: PLC0415
        with_absolute_files,
    )

    section: PiiConfig | None = PiiConfig()
    if config is not None:
        section = read_config(config, []).pii
    if section is None:
        raise ConfigError(f"{config} has no `pii` section; add `pii: {{}}`")
    if mode is not None:
        if mode not in {"fast", "exact", "identifiers"}:
            raise ConfigError(f"--mode {mode}: choose fast, exact or identifiers")
        section = section.model_copy(update={"mode": cast("Mode", mode)})
    return with_absolute_files(section, Path.cwd())


def as_json(evaluation: Evaluation, shown: dict[str, Any]) -> dict[str, Any]:
    """The whole result as a JSON-able value; its form is part of the contract."""
    from isinglass.transforms.pii.evaluation.scoring import total  # noqa: PLC0415

    entities = {}
    for entity in evaluation.looked_for:
        entities[entity] = {
            "overlap": _score_json(evaluation.overlap[entity].score, evaluation.words),
            "strict": _score_json(evaluation.strict[entity].score, evaluation.words),
        } | shown.get(entity, {})
    return {
        "records": evaluation.records,
        "words": evaluation.words,
        "records_failed": evaluation.failed,
        "entities": entities,
        "total": {
            "overlap": _score_json(total(evaluation.overlap), evaluation.words),
            "strict": _score_json(total(evaluation.strict), evaluation.words),
        },
        "not_looked_for": dict(sorted(evaluation.not_looked_for.items())),
        "ignored_labels": dict(sorted(evaluation.ignored.items())),
        "unknown_labels": dict(sorted(evaluation.unknown.items())),
    }


def _score_json(score: Score, words: int) -> dict[str, Any]:
    return {
        "gold": score.gold,
        "found": score.found,
        "predicted": score.predicted,
        "right": score.right,
        "precision": score.precision,
        "precision_interval": score.interval("precision"),
        "recall": score.recall,
        "recall_interval": score.interval("recall"),
        "f1": score.f(1.0),
        "f2": score.f(2.0),
        "false_hits_per_1000_words": 1000 * score.false_hits / words if words else None,
    }


def _examples(
    evaluation: Evaluation, data: Labelled, count: int, *, show_text: bool
) -> dict[str, Any]:
    """Places of the first misses and false hits; with their text only if asked for."""
    if count == 0:
        return {}

    def places(spans: Iterable[Span]) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = []
        for span in spans:
            line = data.lines[span.record]
            place: dict[str, Any] = {"line": line, "start": span.start, "end": span.end}
            if show_text:
                place["text"] = data.texts[span.record][span.start : span.end]
            told.append(place)
        return told

    gold, predicted = evaluation.gold, evaluation.predicted
    return {
        entity: {
            "misses": places(gold[i] for i in match.misses[:count]),
            "false_hits": places(predicted[i] for i in match.false_hits[:count]),
        }
        for entity, match in evaluation.overlap.items()
    }
