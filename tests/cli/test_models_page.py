"""Every command of `docs/models.md` says what the page says that it does."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest
import yaml
from typer.testing import CliRunner

from isinglass.cli.app import app
from isinglass.schemas.config.base import Section
from isinglass.schemas.config.evaluation import (
    AssociationsConfig,
    EvaluationConfig,
    ProbesConfig,
)
from isinglass.schemas.evaluation import Kinds

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def page(repository: Path) -> str:
    return (repository / "docs" / "models.md").read_text("utf-8")


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)


def commands(block: str) -> list[tuple[str, list[str]]]:
    """Each command with the lines that it prints, at least these."""
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [(first, rest) for first, *rest in (part.splitlines() for part in parts)]


def test_the_commands_print_what_the_page_says(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lists, watch = blocks(page, "yaml")
    (vectors,) = blocks(page, "text")
    (tmp_path / "fruit.yaml").write_text(lists)
    (tmp_path / "watch.yaml").write_text(watch)
    (tmp_path / "vectors.txt").write_text(vectors)
    (tmp_path / "later.txt").write_text(vectors.replace("plum 0.6 0.6", "plum 0.9 0.1"))
    first, second = blocks(page, "console")
    for command, expected in commands(first):
        result = CliRunner().invoke(app, shlex.split(command)[1:])
        assert result.exit_code == 0, result.output
        printed = result.stdout.splitlines()
        for line in expected:
            begin = line.removesuffix("...")
            assert any(one.startswith(begin) for one in printed), (line, printed)
    (tmp_path / "fruit").rename(tmp_path / "before")
    ((command, expected),) = commands(second)
    result = CliRunner().invoke(app, shlex.split(command)[1:])
    assert result.exit_code == 3, result.output
    assert (
        expected[0].replace("since before", f"since {tmp_path}/before")
        == (result.stdout.splitlines()[0])
    )


def test_every_key_and_kind_is_told_with_its_default(page: str) -> None:
    rows = dict(re.findall(r"^\| `([\w.]+)` \| (.*?) \|", page, re.MULTILINE))
    for name in EvaluationConfig.model_fields:
        if name not in {"associations", "probes"}:
            assert name in rows, name
    sections: dict[str, type[Section]] = {
        "associations": AssociationsConfig,
        "probes": ProbesConfig,
    }
    for section, form in sections.items():
        for name, field in form.model_fields.items():
            told = rows[f"{section}.{name}"]
            if isinstance(field.default, int):
                assert yaml.safe_load(told) == field.default
    for kind in Kinds.model_fields:
        assert kind in rows, kind


def test_the_published_effects_are_told_as_they_come_out(page: str) -> None:
    rows = re.findall(
        r"^\| `weat\d-\w+` .* \| ([\d.]+) \| ([\d.]+) \|$", page, re.MULTILINE
    )
    assert len(rows) == 9
    for published, found in rows:
        assert abs(float(published) - float(found)) <= 0.005
