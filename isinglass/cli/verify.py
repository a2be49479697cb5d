"""`isinglass verify RUN`: prove a finished run from its files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from isinglass.cli.options import (
    FormatOption,
    StageOption,
    local_path,
    read_stages,
    show,
)

FAILED = 1


def verify(
    run: Annotated[
        Path, typer.Argument(help="Folder of a finished run.", callback=local_path)
    ],
    stage: StageOption = None,
    format_: FormatOption = "text",
) -> int:
    """Re-read a run: hashes, schemas, conservation, offsets, tokens against texts."""
    from isinglass.pipelines.proof.prove import prove  # noqa: PLC0415

    checks = prove(run, read_stages(stage))
    lines = (f"{check.mark} {check.name}: {check.detail}" for check in checks)
    told = [{"name": c.name, "status": c.status, "detail": c.detail} for c in checks]
    show(told, lines, format_)
    return FAILED if any(check.status == "failed" for check in checks) else 0
