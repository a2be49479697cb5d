"""What `docs/release.md` shows is run here, in its order."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from isinglass.pipelines.engine.workspace import PAPERS, PUBLISHED
from isinglass.pipelines.proof.prove import open_run
from isinglass.pipelines.release.facts import gather
from isinglass.schemas.config.release import (
    CollectionConfig,
    ReleaseConfig,
    SourceFacts,
)
from tests.forgeries import finish

PAGE = Path(__file__).parents[1] / "docs" / "release.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_commands_work_one_after_another(tmp_path: Path) -> None:
    sections = {"pii": {"mode": "identifiers"}, "name": "letters"}
    (tmp_path / "runs").mkdir()
    run = finish(tmp_path, "runs/letters", sections, "clean")
    (words,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "words.yaml").write_text(words.replace("    default:", "    web:"))
    commands = [
        line
        for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
        for line in block.splitlines()
    ]
    assert len(commands) == 10
    for command in commands:
        line = re.sub(
            r"^isinglass", f"{shlex.quote(sys.executable)} -m isinglass", command
        )
        ran = subprocess.run(
            ["sh", "-c", line],
            check=False,
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
    opened = open_run(run)
    said = ReleaseConfig.model_validate(
        yaml.safe_load(words.replace("default:", "web:"))["release"]
    )
    assert gather(opened, said).open == []
    assert "**Version:** 1.0.1" in (run / "README.md").read_text()


@pytest.mark.parametrize("model", [ReleaseConfig, CollectionConfig, SourceFacts])
def test_every_key_is_explained(model: type[ReleaseConfig]) -> None:
    explained = set(re.findall(r"`(\w+)`", TEXT))
    assert set(model.model_fields) <= explained


def test_every_paper_and_table_is_named() -> None:
    for name in PAPERS:
        assert name in TEXT or name == "eu-training-content.json"
    assert all(f"`{name}/`" in TEXT for name in PUBLISHED)
