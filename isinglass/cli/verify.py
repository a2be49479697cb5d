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
    signature: Annotated[
        Path | None,
        typer.Option(
            "--signature",
            metavar="KEY",
            help="Also check the signature of a release by a public key, a PEM file "
            "(extra `release`).",
            callback=local_path,
        ),
    ] = None,
    stage: StageOption = None,
    format_: FormatOption = "text",
) -> int:
    """Re-read a run: hashes, schemas, conservation, offsets, tokens against texts.

    Of a folder that `release --to` made, what is in it.
    """
    from isinglass.pipelines.proof.prove import open_run, prove_run  # noqa: PLC0415

    opened = open_run(run)
    key = None
    if signature is not None:
        from isinglass.pipelines.release.sign import read_public  # noqa: PLC0415

        key = read_public(signature)
    checks = prove_run(opened, read_stages(stage))
    if key is not None:
        from isinglass.pipelines.release.proof import check_signature  # noqa: PLC0415

        checks.append(check_signature(opened, key))
    lines = (f"{check.mark} {check.name}: {check.detail}" for check in checks)
    told = [{"name": c.name, "status": c.status, "detail": c.detail} for c in checks]
    show(told, lines, format_)
    return FAILED if any(check.status == "failed" for check in checks) else 0
