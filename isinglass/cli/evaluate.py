"""`isinglass evaluate pii`: precision and recall on labelled text of your own."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from isinglass.cli.options import FormatOption, console_on, local_path, read_config
from isinglass.schemas.config import PiiConfig
from isinglass.schemas.config.pii import Mode
from isinglass.schemas.errors import ConfigError

if TYPE_CHECKING:
    from isinglass.pipelines.stages.pii.evaluate import Evaluation, Labelled
    from isinglass.transforms.pii.evaluation import Score, Span

_INTERVAL = "95 %"
_COLUMNS = ("entity", "gold", "pred.", "precision", _INTERVAL, "recall", _INTERVAL)
_MEASURES = ("F1", "F2", "strict F1", "false/1k")
WIDTH = 110

app = typer.Typer(
    help="Measure on data of your own, or what a model holds.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def _group() -> None:
    """Measure on data of your own, or what a model holds."""


@app.command("pii")
def pii(
    data: Annotated[
        Path,
        typer.Option(
            help="JSON lines: text, spans [{start, end, label}], lang; or .gz.",
            callback=local_path,
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
    format_: FormatOption = "text",
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
    from isinglass.transforms.pii.evaluation import Labels  # noqa: PLC0415

    labelled = read_labelled(data, language)
    labels = Labels.of(looked_for(section), map_ or (), ignore or ())
    evaluation = evaluate(section, labelled, labels)
    shown = _examples(evaluation, labelled, examples, show_text=show_text)
    if format_ == "json":
        typer.echo(json.dumps(as_json(evaluation, shown), indent=2))
    else:
        _print(as_json(evaluation, shown))
    return 0


def _section(config: Path | None, mode: str | None) -> PiiConfig:
    """The `pii` section with its files where they are."""
    from isinglass.transforms.pii.plugins.value_files import with_absolute_files  # noqa: PLC0415

    section: PiiConfig | None = PiiConfig()
    if config is not None:
        section = read_config(config, []).pii
    if section is None:
        raise ConfigError(f"{config} has no `pii` section; add `pii: {{}}`")
    if mode is not None:
        if mode not in get_args(Mode):
            raise ConfigError(f"--mode {mode}: choose fast, exact or identifiers")
        section = section.model_copy(update={"mode": mode})
    return with_absolute_files(section, Path.cwd())


def as_json(evaluation: Evaluation, shown: dict[str, Any]) -> dict[str, Any]:
    """The whole result as a JSON-able value; its form is part of the contract."""
    from isinglass.transforms.pii.evaluation import total  # noqa: PLC0415

    words = evaluation.words
    ways = {"overlap": evaluation.overlap, "strict": evaluation.strict}
    return {
        "records": evaluation.records,
        "words": words,
        "records_failed": evaluation.failed,
        "entities": {
            entity: {
                way: _score_json(found[entity].score, words)
                for way, found in ways.items()
            }
            | shown.get(entity, {})
            for entity in evaluation.looked_for
        },
        "total": {way: _score_json(total(found), words) for way, found in ways.items()},
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


def _print(told: dict[str, Any]) -> None:
    """Print a result, as `as_json` gives it, as a table."""
    console = console_on(sys.stdout)
    if not console.is_terminal:
        console.width = WIDTH
    console.print(_table(told))
    for line in _lines(told):
        console.print(line, soft_wrap=True)


def _table(told: dict[str, Any]) -> Any:
    from rich import box  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in (*_COLUMNS, *_MEASURES):
        left = name in ("entity", _INTERVAL)
        table.add_column(name, justify="left" if left else "right")
    for entity, scores in told["entities"].items():
        if _is_seen(scores):
            table.add_row(*_row(entity, scores))
    table.add_section()
    table.add_row(*_row("total (micro)", told["total"]))
    return table


def _is_seen(scores: dict[str, Any]) -> bool:
    return bool(scores["overlap"]["gold"] or scores["overlap"]["predicted"])


def _row(name: str, scores: dict[str, Any]) -> list[str]:
    overlap, strict = scores["overlap"], scores["strict"]
    cells = [name, f"{overlap['gold']:,}", f"{overlap['predicted']:,}"]
    for measure in ("precision", "recall"):
        low, high = overlap[f"{measure}_interval"]
        known = overlap[measure] is not None
        cells += [_number(overlap[measure]), f"{low:.2f}-{high:.2f}" if known else ""]
    cells += [_number(overlap["f1"]), _number(overlap["f2"]), _number(strict["f1"])]
    rate = overlap["false_hits_per_1000_words"]
    return [*cells, "-" if rate is None else f"{rate:.2f}"]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _lines(told: dict[str, Any]) -> list[str]:
    lines = [f"{told['records']:,} records, {told['words']:,} words"]
    if told["records_failed"]:
        lines.append(f"Not scanned (all counted as missed): {told['records_failed']:,}")
    unseen = [name for name, s in told["entities"].items() if not _is_seen(s)]
    if unseen:
        lines.append(f"Neither labelled nor found: {', '.join(unseen)}")
    for name, heading in (
        ("not_looked_for", "Labelled, but not looked for"),
        ("unknown_labels", "Unknown labels, ignored (see --map)"),
        ("ignored_labels", "Ignored labels"),
    ):
        if told[name]:
            parts = (f"{label} {count:,}" for label, count in told[name].items())
            lines.append(f"{heading}: {', '.join(parts)}")
    for entity, scores in told["entities"].items():
        for kind in ("misses", "false_hits"):
            lines += (
                f"{entity} {kind.replace('_', ' ')}: {_place(place)}"
                for place in scores.get(kind, ())
            )
    return lines


def _place(place: dict[str, Any]) -> str:
    where = f"line {place['line']}, {place['start']}-{place['end']}"
    return f"{where}: {place['text']!a}" if "text" in place else where
