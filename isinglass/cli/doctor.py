"""`isinglass doctor`: what is installed, and what is missing for which part."""

from __future__ import annotations

import json
import os
import platform
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from isinglass.cli.options import Format, FormatOption
from isinglass.schemas.config import PiiConfig
from isinglass.schemas.errors import RefuseError

LEAST_FREE_BYTES = 2**30


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: What.
        good: Whether it is as it should be.
        detail: Version, size, or what to do.
        needed: False for what only an optional part needs.
    """

    name: str
    good: bool
    detail: str
    needed: bool = True


def doctor(format_: FormatOption = Format.TEXT) -> int:
    """Check the installation: packages, models, workers, space. Downloads nothing."""
    findings = examine()
    if format_ is Format.JSON:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            mark = "ok  " if finding.good else ("FAIL" if finding.needed else "--  ")
            typer.echo(f"{mark} {finding.name}: {finding.detail}")
    return int(any(not f.good and f.needed for f in findings))


def examine() -> list[Finding]:
    """Everything that doctor looks at, in the order of the pipeline."""
    from isinglass.pipelines.engine.fingerprint import package_versions  # noqa: PLC0415

    versions = package_versions()
    packages = ", ".join(f"{name} {version}" for name, version in versions.items())
    free = shutil.disk_usage(Path.cwd()).free
    return [
        Finding("python", good=True, detail=platform.python_version()),
        Finding("packages", good=True, detail=packages),
        Finding("cores", good=True, detail=str(os.cpu_count())),
        Finding(
            "space in this folder", free > LEAST_FREE_BYTES, f"{free / 1e9:.1f} GB free"
        ),
        _pii_models(),
        _encoder_models(),
        _tokenizer(),
        _device(),
    ]


def _pii_models() -> Finding:
    from isinglass.transforms.pii.detector import check_models  # noqa: PLC0415

    try:
        models = check_models(PiiConfig())
    except RefuseError as error:
        return Finding("PII models", good=False, detail=str(error))
    names = ", ".join(f"{m.name} {m.sha256[:12]}" for m in models)
    return Finding("PII models", good=True, detail=names)


def _encoder_models() -> Finding:
    from isinglass.transforms.encode.models.check import check_models  # noqa: PLC0415
    from isinglass.transforms.encode.settings import EncodeSettings  # noqa: PLC0415

    try:
        models = check_models(EncodeSettings())
    except RefuseError as error:
        return Finding("encoder", good=False, detail=str(error), needed=False)
    names = ", ".join(f"{m.name} {m.sha256[:12]}" for m in models)
    return Finding("encoder", good=True, detail=names, needed=False)


def _tokenizer() -> Finding:
    from isinglass.transforms.encode.settings import EncodeSettings  # noqa: PLC0415
    from isinglass.transforms.encode.tokenizers.tokenizer import (  # noqa: PLC0415
        load_tokenizer,
    )

    try:
        tokenizer = load_tokenizer(EncodeSettings())
    except RefuseError as error:
        return Finding("tokenizer", good=False, detail=str(error), needed=False)
    slow = tokenizer.backend.startswith("tokenizers ")
    detail = f"{tokenizer.backend}, " + (
        "no fast library gives the same ids here" if slow else "ids as the reference"
    )
    return Finding("tokenizer", good=not slow, detail=detail, needed=False)


def _device() -> Finding:
    try:
        import torch  # noqa: PLC0415
    except ImportError:
        return Finding("GPU", good=False, detail="torch is not installed", needed=False)
    if torch.cuda.is_available():
        return Finding("GPU", good=True, detail=torch.cuda.get_device_name(0))
    return Finding(
        "GPU", good=False, detail="none; encoding runs on the CPU", needed=False
    )
