"""`isinglass doctor`: what is installed, and what is missing for which part."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from isinglass.cli.options import FormatOption, show
from isinglass.schemas.config import EncodeConfig, PiiConfig
from isinglass.schemas.errors import RefuseError
from isinglass.schemas.manifest import Model

LEAST_FREE_BYTES = 2**30


class Finding(NamedTuple):
    """One thing that was looked at; `needed` if more than an optional part needs it."""

    name: str
    good: bool
    detail: str
    needed: bool = True


def doctor(format_: FormatOption = "text") -> int:
    """Check the installation: packages, models, workers, space. Downloads nothing."""
    findings = examine()
    lines = []
    for finding in findings:
        mark = "ok  " if finding.good else ("FAIL" if finding.needed else "--  ")
        lines.append(f"{mark} {finding.name}: {finding.detail}")
    show([finding._asdict() for finding in findings], lines, format_)
    return int(any(not f.good and f.needed for f in findings))


def examine() -> list[Finding]:
    """Everything that doctor looks at, in the order of the pipeline."""
    from isinglass.pipelines.engine.fingerprint import package_versions  # noqa: PLC0415
    from isinglass.transforms.encode.models import check  # noqa: PLC0415
    from isinglass.transforms.pii.detector import check_models  # noqa: PLC0415

    encode, check_files = EncodeConfig(), check.check_models
    versions = package_versions()
    packages = ", ".join(f"{name} {version}" for name, version in versions.items())
    free = shutil.disk_usage(Path.cwd()).free
    space = f"{free / 1e9:.1f} GB free"
    return [
        Finding("python", good=True, detail=platform.python_version()),
        Finding("packages", good=True, detail=packages),
        Finding("cores", good=True, detail=str(os.cpu_count())),
        Finding("space in this folder", free > LEAST_FREE_BYTES, space),
        _tried("PII models", lambda: (True, _named(check_models(PiiConfig())))),
        _tried("encoder", lambda: (True, _named(check_files(encode))), needed=False),
        _tried("tokenizer", _tokenizer, needed=False),
        _device(),
    ]


def _tried(
    name: str, look: Callable[[], tuple[bool, str]], *, needed: bool = True
) -> Finding:
    """What is found, or why it cannot be used."""
    try:
        good, detail = look()
    except RefuseError as error:
        good, detail = False, str(error)
    return Finding(name, good, detail, needed)


def _named(models: Iterable[Model]) -> str:
    return ", ".join(f"{model.name} {model.sha256[:12]}" for model in models)


def _tokenizer() -> tuple[bool, str]:
    from isinglass.transforms.encode.tokenizers.tokenizer import load_tokenizer  # noqa: PLC0415

    tokenizer = load_tokenizer(EncodeConfig())
    if tokenizer.backend.startswith("tokenizers "):
        slow = "no fast library gives the same ids here"
        return False, f"{tokenizer.backend}, {slow}"
    return True, f"{tokenizer.backend}, ids as the reference"


def _device() -> Finding:
    try:
        import torch  # noqa: PLC0415
    except ImportError:
        return Finding("GPU", good=False, detail="torch is not installed", needed=False)
    if torch.cuda.is_available():
        return Finding("GPU", good=True, detail=torch.cuda.get_device_name(0))
    none = "none; encoding runs on the CPU"
    return Finding("GPU", good=False, detail=none, needed=False)
