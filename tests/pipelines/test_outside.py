"""Stages from outside: found by name, or refused with the fix."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from isinglass.pipelines.outside import (
    check_names,
    code_of,
    is_outside,
    load_class,
    load_stages,
)
from isinglass.pipelines.stages.dedup.stage import Dedup
from isinglass.schemas.config import DedupConfig, StageConfig
from isinglass.schemas.errors import ConfigError

HEAD = "from isinglass.pipelines.stage import Stage\n"
PLAIN = HEAD + "class Plain(Stage):\n    name = 'plain'\n"
ODD = (
    PLAIN
    + "class Nameless(Stage): pass\n"
    + "class Taken(Stage):\n    name = 'dedup'\n"
    + "class Loud(Stage):\n    name = 'Loud'\n"
    + "class Other: pass\n"
)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a module; what was imported of it is forgotten afterwards."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "odd_stages.py").write_text(ODD)
    monkeypatch.delitem(sys.modules, "odd_stages", raising=False)
    yield tmp_path
    sys.modules.pop("odd_stages", None)


@pytest.mark.parametrize(
    ("use", "message"),
    [
        ("gone_module:Plain", "needs the module gone_module"),
        ("odd_stages:Gone", "odd_stages has no class Gone"),
        ("odd_stages:Other", "is no subclass of"),
        ("odd_stages:Nameless", "needs a `name`"),
        ("odd_stages:Taken", "not 'dedup'"),
        ("odd_stages:Loud", "not 'Loud'"),
    ],
)
def test_what_is_refused(module: Path, use: str, message: str) -> None:
    with pytest.raises(ConfigError, match=f"stages.0.: .*{message}"):
        load_class(use, module, "stages[0]")


def test_a_stage_is_found_beside_the_configuration(module: Path) -> None:
    (stage,) = load_stages([StageConfig(use="odd_stages:Plain")], module)
    assert stage.name == "plain"
    assert is_outside(stage)
    assert not is_outside(Dedup(DedupConfig()))


def test_options_and_doubles_are_refused(module: Path) -> None:
    wrong = StageConfig(use="odd_stages:Plain", options={"most": 3})
    with pytest.raises(ConfigError, match="does not take the option most"):
        load_stages([wrong], module)
    twice = [StageConfig(use="odd_stages:Plain")] * 2
    with pytest.raises(ConfigError, match="a stage called plain already"):
        load_stages(twice, module)


@pytest.mark.parametrize("use", ["plain", "a b:C", "module:", ":Class", "m:C.D"])
def test_only_a_module_and_a_class_is_a_name(use: str) -> None:
    with pytest.raises(ValueError, match="use"):
        StageConfig(use=use)


def test_its_code_is_its_file(module: Path) -> None:
    (stage,) = load_stages([StageConfig(use="odd_stages:Plain")], module)
    first = code_of(stage)
    assert code_of(stage) == first
    (module / "odd_stages.py").write_text(ODD + "# changed\n")
    assert code_of(stage) != first


def test_its_code_is_its_whole_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    inner = tmp_path / "odd_package" / "inner"
    inner.mkdir(parents=True)
    for folder in (inner.parent, inner):
        (folder / "__init__.py").write_text("")
    (inner / "plain.py").write_text(PLAIN)
    words = inner.parent / "words.yaml"
    words.write_text("a: 1\n")
    (stage,) = load_stages([StageConfig(use="odd_package.inner.plain:Plain")], tmp_path)
    first = code_of(stage)
    words.write_text("a: 2\n")
    assert code_of(stage) != first
    for name in ("odd_package", "odd_package.inner", "odd_package.inner.plain"):
        sys.modules.pop(name)


@pytest.mark.parametrize(
    ("names", "mark", "refused"),
    [
        (["plain.a", "plain.b"], ".", ""),
        (["plain_a"], "_", ""),
        ([], ".", ""),
        (["plain.a", "other"], ".", "other"),
        (["plain"], ".", "plain"),
        (["plain.a"], "_", "plain.a"),
        (["plainer.a"], ".", "plainer.a"),
    ],
)
def test_names_begin_with_that_of_the_stage(
    module: Path, names: list[str], mark: str, refused: str
) -> None:
    (stage,) = load_stages([StageConfig(use="odd_stages:Plain")], module)
    if not refused:
        check_names(stage, "column", names, mark)
        return
    with pytest.raises(ConfigError, match=f"column {refused} must begin with plain"):
        check_names(stage, "column", names, mark)


def test_ours_may_use_every_name() -> None:
    stage: Any = Dedup(DedupConfig())
    check_names(stage, "reason", ["exact_duplicate"])
