"""Every command that the README shows is run here, in the README's order."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from isinglass.cli.app import app
from isinglass.schemas.config.pii import PRIVACY_CLASSES, default_entities
from tests.corpora import write_corpus

OUTSIDE = {"make demo", "make test"}
"""Run by a test of its own, and what runs this test."""


def commands(repository: Path) -> list[str]:
    """Lines of all `sh` blocks."""
    text = (repository / "README.md").read_text()
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


def test_the_readme_is_short(repository: Path) -> None:
    assert len((repository / "README.md").read_text().splitlines()) <= 150


def test_only_two_commands_set_up(repository: Path) -> None:
    shown = [line for line in commands(repository) if line.startswith("make")]
    text = (repository / "README.md").read_text()
    assert shown == ["make demo"]
    assert "`make test` runs every test" in text


@pytest.mark.slow
def test_the_commands_work_one_after_another(repository: Path, tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus", 60)
    (tmp_path / "values.txt").write_text("person7@mailbox.io\n")
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "demo-corpus").symlink_to(tmp_path / "corpus")
    (tmp_path / "examples").symlink_to(repository / "examples")
    programs = {
        ".venv/bin/isinglass": f"{sys.executable} -m isinglass",
        ".venv/bin/python": sys.executable,
    }
    done = 0
    for command in commands(repository):
        if command in OUTSIDE:
            continue
        program, _, rest = command.partition(" ")
        line = f"{programs[program]} {rest}"
        ran = subprocess.run(
            shlex.split(line), check=False, cwd=tmp_path, capture_output=True, text=True
        )
        assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
        done += 1
    assert done >= 5
    assert (tmp_path / "runs" / "web-en" / "_SUCCESS").exists()
    assert (tmp_path / "runs" / "forgotten" / "_SUCCESS").exists()


@pytest.mark.slow
def test_make_demo_ends_with_the_report_and_five_lines(repository: Path) -> None:
    if not (repository / ".venv" / "bin" / "isinglass").exists():
        pytest.skip("not installed by make: `make demo` would install everything anew")
    ran = subprocess.run(
        ["make", "demo"], check=False, cwd=repository, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    # A make started by a make also says which folder it enters and leaves.
    said = [x for x in ran.stdout.splitlines() if x and not x.startswith("make")]
    lines = said[-6:]
    assert lines[0].startswith("Report: ")
    assert (repository / lines[0].removeprefix("Report: ")).exists()
    assert [line.partition(":")[0] for line in lines[2:]] == [
        "Records",
        "Duplicates",
        "Identifiers",
        "Balance",
    ]


def test_the_documents_name_what_exists(repository: Path) -> None:
    """Every default entity is described; every command has its options."""
    text = (repository / "docs" / "pii.md").read_text()
    for entity in default_entities():
        assert re.search(rf"\b{entity}\b", text), entity
    for operator in PRIVACY_CLASSES:
        assert f"`{operator}`" in text, operator
    runner = CliRunner()
    for verb in (["evaluate", "pii"], ["forget"], ["explain"]):
        helped = runner.invoke(app, [*verb, "--help"], env={"COLUMNS": "200"})
        lines = [x for x in text.splitlines() if f"isinglass {' '.join(verb)}" in x]
        assert lines, verb
        for option in re.findall(r"--[a-z-]+", " ".join(lines)):
            assert option in helped.output, option


def test_privacy_is_never_promised(repository: Path) -> None:
    """Cleaned text still holds persons; no page and no report may say otherwise."""
    word = "anonym" + "ised"
    pages = [*repository.glob("*.md"), *repository.glob("docs/*.md")]
    code = [
        p for x in ("pipelines", "transforms") for p in repository.glob(f"{x}/**/*")
    ]
    shown = [p for p in code if p.suffix in {".py", ".j2", ".yaml"}]
    for path in pages + shown:
        found = re.search(word + "|" + word.replace("s", "z"), path.read_text().lower())
        assert found is None, path


def test_the_architecture_page_names_what_exists(repository: Path) -> None:
    """Paths in the page must be there; passes in the picture must be passes."""
    text = (repository / "ARCHITECTURE.md").read_text()
    for path in re.findall(
        r"`((?:pipelines|transforms|schemas|isinglass)/[\w./]*)`", text
    ):
        assert (repository / path.rstrip("/")).exists(), path
    assert len(text.splitlines()) <= 80
