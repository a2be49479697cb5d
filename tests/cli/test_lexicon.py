"""`isinglass lexicon check`: what stands in a file, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from isinglass.cli.app import app
from isinglass.schemas.errors import ConfigError

FILE = """
name: own
language: en
version: "3"
source: made up
licence: CC0-1.0
axes:
  kin:
    near: [{term: kin, forms: [kith]}, {term: Ma, sense: people}]
    far: [{term: outlander}]
  class:
    low: [{term: outlander}]
"""


def test_what_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(FILE)
    done = CliRunner().invoke(app, ["lexicon", "check", str(path)])
    assert done.output.splitlines()[:-1] == [
        "own, version 3, en: can be used",
        "kin/near: 2 terms, 3 forms; judged in their place: 1 by people",
        "kin/far: 1 term, 1 form",
        "class/low: 1 term, 1 form",
        "counts on several axes: outlander",
    ]
    assert done.output.splitlines()[-1].startswith("sha256 ")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (FILE.replace("language: en", "language: xx"), "xx is no code of a language"),
        (FILE.replace("far: [{term: outlander}", "far: [{term: kin}"), "kin/near and"),
        (FILE.replace("licence: CC0-1.0\n", ""), "licence"),
        ("- a list", "section"),
    ],
)
def test_what_is_refused(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(content)
    with pytest.raises(ConfigError, match=said) as refused:
        CliRunner().invoke(app, ["lexicon", "check", str(path)], catch_exceptions=False)
    assert str(path) in str(refused.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        CliRunner().invoke(
            app, ["lexicon", "check", str(tmp_path / "no")], catch_exceptions=False
        )
