"""`isinglass evaluate explanations`: what drives a number of chosen documents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from isinglass.cli.options import FormatOption, local_path, show
from isinglass.cli.usage import WARNED

if TYPE_CHECKING:
    from isinglass.pipelines.stages.explanations.run import Made


def explanations(
    run: Annotated[
        Path, typer.Argument(help="Folder of a finished run.", callback=local_path)
    ],
    *,
    to: Annotated[
        Path,
        typer.Option(
            help="Folder for page, JSON and statistics. They HOLD PARTS OF TEXTS: only "
            "you can read them.",
            callback=local_path,
        ),
    ],
    target: Annotated[
        str,
        typer.Option(
            help="The number: cluster (the cosine to the own one), cluster:N, "
            "probe:AXIS/GROUP, or head:FILE[:ROW] of a saved linear layer."
        ),
    ] = "cluster",
    documents: Annotated[
        list[str] | None,
        typer.Option(
            help="A doc_id, path:row or id of the data, besides the sample. Repeatable."
        ),
    ] = None,
    sample: Annotated[
        int, typer.Option(min=0, max=1000, help="Flagged documents that are drawn.")
    ] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Another number draws others.")] = 0,
    axis: Annotated[
        str | None,
        typer.Option(help="Whose terms are replaced; the probe's, or gender."),
    ] = None,
    swaps: Annotated[
        int, typer.Option(min=0, max=1000, help="Most replacements in a document.")
    ] = 6,
    gap: Annotated[
        float,
        typer.Option(
            min=0,
            help="A finding from so many standard deviations of the number upwards.",
        ),
    ] = 0.25,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Exit with 4 on a finding, or where a sum is incomplete."
        ),
    ] = False,
    format_: FormatOption = "text",
) -> int:
    """Describe which tokens a number of a document hangs on.

    Attention by layer and rollout, integrated gradients, tests of what they say, and
    identity terms replaced by others of their axis. Nothing is written into the run.
    """
    from isinglass.transforms.encode import require  # noqa: PLC0415

    require("torch", "safetensors", "transformers", "tokenizers")
    # Heavy imports wait until the arguments are known to be right.
    from isinglass.pipelines.stages.explanations.run import (  # noqa: PLC0415
        Asked,
        check_folder,
        explain_documents,
        write,
    )

    check_folder(to, run)
    asked = Asked(target, tuple(documents or ()), sample, seed, axis, swaps, gap)
    made = explain_documents(run, asked, Path.cwd())
    write(made, to)
    told = {"folder": str(to), **_without_texts(made.told)}
    show(told, _lines(made, to), format_)
    return WARNED if strict and _is_bad(made) else 0


def _without_texts(told: dict[str, Any]) -> dict[str, Any]:
    """What is told of all documents together, but for words of them."""
    return {k: v for k, v in told.items() if k not in ("documents", "words")}


def _is_bad(made: Made) -> bool:
    checks = made.told["checks"]
    whole = checks["complete"] == checks["documents"]
    return bool(made.summary.findings) or not whole


def _lines(made: Made, to: Path) -> list[str]:
    checks, terms = made.told["checks"], made.told["identity_terms"]
    better, of = made.told["better_than_random"]
    lines = [
        f"Explained: {checks['documents']:,} documents, {made.told['number']['name']}",
        f"Complete within 5 %: {checks['complete']:,} of {checks['documents']:,}",
        f"Tokens matter more than random ones: in {better:,} of {of:,}",
        f"Terms of {terms['axis']} replaced: in {terms['documents']:,} documents",
        f"Findings: {len(terms['findings']):,}",
    ]
    lines += [
        f"  {one['term'] or one['before'] + ' to'} ({one['after']}): "
        f"{one['spreads']:+.2f} sd over {one['count']:,} documents"
        for one in terms["findings"]
    ]
    if made.told["left_out"]:
        lines.append(f"Left out: {len(made.told['left_out']):,} documents")
    return [*lines, f"Descriptions, no reasons: {to / 'explanations.html'}"]
