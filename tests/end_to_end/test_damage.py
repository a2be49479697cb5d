"""Damaged files of every format end no process and cost no record but their own."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.harm import sound_files

if TYPE_CHECKING:
    from pathlib import Path

FILES = 300 if os.environ.get("ISINGLASS_FUZZ") else 10
SEED = os.environ.get("ISINGLASS_FUZZ_SEED") or secrets.token_hex(4)


def judged(repository: Path, folder: Path, lines: list[str]) -> list[str]:
    """What the reader says of damaged files; of one that ends it, by what."""
    verdicts: list[str] = []
    while len(verdicts) < len(lines):
        done = subprocess.run(
            [sys.executable, "-m", "tests.harm", str(folder)],
            input="\n".join(lines[len(verdicts) :]),
            cwd=repository,
            capture_output=True,
            text=True,
            check=False,
        )
        verdicts += map(json.loads, done.stdout.splitlines())
        if len(verdicts) < len(lines):
            verdicts.append(f"ended by {done.returncode}: {done.stderr[-300:]}")
    return verdicts


@pytest.mark.fuzz
@pytest.mark.parametrize("suffix", ["jsonl", "csv", "txt", "arrow", "parquet"])
def test_damaged_files(repository: Path, tmp_path: Path, suffix: str) -> None:
    print(f"ISINGLASS_FUZZ_SEED={SEED}")  # noqa: T201 - to try the same files again
    names = [name for name in sound_files() if suffix in name.replace("tsv", "csv")]
    lines = [f"{name} {SEED}-{number}" for name in names for number in range(FILES)]
    verdicts = judged(repository, tmp_path, lines)
    wrong = {line: said for line, said in zip(lines, verdicts, strict=True) if said}
    assert wrong == {}, f"ISINGLASS_FUZZ_SEED={SEED}"


def test_damage_that_ends_a_process_is_noticed(
    repository: Path, tmp_path: Path
) -> None:
    verdicts = judged(
        repository, tmp_path, ["plain.jsonl 1", "none.such 1", "plain.jsonl 2"]
    )
    assert verdicts == ["", "KeyError: 'none.such'", ""]
