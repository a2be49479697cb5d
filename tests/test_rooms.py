"""The one rule of the house: nothing outside of its rooms names a capability.

A capability lives in its rooms, `pipelines/stages/<name>/`, `transforms/<name>/` and
`schemas/config/<name>.py`. Others neither import them nor read its section of the
configuration or its part of the manifest. A room imports another only if its stage says
so in `needs`, and these make no circle.
"""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from isinglass.pipelines.stages import STAGES, explanations

BESIDE = {"explanations": frozenset(explanations.NEEDS)}
"""Rooms of verbs over finished runs, which no stage stands for, and what they need."""

ROOMS = frozenset({*(stage.name for stage in STAGES), *BESIDE})
NEEDS = {stage.name: frozenset(stage.needs) for stage in STAGES} | BESIDE
LAYERS = ("schemas", "transforms", "pipelines", "isinglass/cli", "isinglass/api")

OPEN_TO_ALL = {
    "pipelines/stages/__init__.py": "the one list of stages",
    "schemas/config/__init__.py": "exports every section",
    "schemas/config/run.py": "a line for every section",
    "schemas/manifest.py": "a line for every part",
    "transforms/beam.py": "capabilities as PTransforms",
    "isinglass/cli/": "verbs of capabilities",
    "isinglass/api/": "functions of capabilities",
}
"""Places that name capabilities, and why they may."""

MANIFEST = {
    "allowed": "pii",
    "decontamination": "decontaminate",
    "erasure": "erase",
    "expected_leftovers": "pii",
    "findings": "pii",
    "frequent_values": "pii",
    "not_measured": "pii",
    "operators": "pii",
    "recall": "pii",
    "recall_slices": "pii",
    "second_scan": "pii",
    "weights": "balance",
}
"""Keys of the manifest that belong to a capability and do not have its name."""

YET_TO_MOVE: dict[str, str] = {}
"""Modules that still name a capability outside of its rooms, and which."""


def room_of(name: str) -> str | None:
    """The room that a file of the repository is in; None for the rest of the house."""
    parts = Path(name).with_suffix("").parts
    for house in (("pipelines", "stages"), ("transforms",), ("schemas", "config")):
        depth = len(house)
        if parts[:depth] == house and len(parts) > depth and parts[depth] in ROOMS:
            return parts[depth]
    return None


def named_module(module: str) -> str | None:
    """The room that an imported module is in."""
    if not module.startswith("isinglass."):
        return None
    return room_of(module.removeprefix("isinglass.").replace(".", "/") + ".py")


def imported(tree: ast.AST) -> set[str]:
    """Rooms that a module imports something of, at whatever depth."""
    found: set[str | None] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {named_module(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.add(named_module(node.module))
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {named_module(name) for name in whole}
    return {room for room in found if room is not None}


def read(tree: ast.AST) -> set[str]:
    """Capabilities whose part of a configuration or manifest is read by attribute."""
    found = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        owner = node.value
        last = owner.attr if isinstance(owner, ast.Attribute) else ""
        last = owner.id if isinstance(owner, ast.Name) else last
        if last == "config" and node.attr in ROOMS:
            found.add(node.attr)
        if last == "manifest" and node.attr in {*ROOMS, *MANIFEST}:
            found.add(MANIFEST.get(node.attr, node.attr))
    return found


def foreign(name: str, source: str) -> set[str]:
    """Capabilities that a file names though it is not in their rooms."""
    tree, own = ast.parse(source), room_of(name)
    if any(name == place or name.startswith(place) for place in OPEN_TO_ALL):
        return set()
    named = imported(tree) | read(tree)
    return named if own is None else named - {own} - NEEDS[own]


@pytest.fixture(scope="module")
def named(repository: Path) -> dict[str, set[str]]:
    """Capabilities named outside of their rooms, by file."""
    paths = [p for layer in LAYERS for p in sorted((repository / layer).rglob("*.py"))]
    found = {}
    for path in paths:
        name = path.relative_to(repository).as_posix()
        found[name] = foreign(name, path.read_text(encoding="utf-8"))
    return found


def test_nothing_outside_of_its_rooms_names_a_capability(
    named: dict[str, set[str]],
) -> None:
    told = {name: ", ".join(sorted(rooms)) for name, rooms in named.items() if rooms}
    assert told == YET_TO_MOVE


def test_rooms_need_each_other_without_circles() -> None:
    assert set().union(*NEEDS.values()) <= ROOMS
    TopologicalSorter(NEEDS).prepare()


def test_what_a_room_needs_it_uses(repository: Path) -> None:
    for room, needs in NEEDS.items():
        used: set[str] = set()
        for layer in LAYERS:
            for path in (repository / layer).rglob("*.py"):
                if room_of(path.relative_to(repository).as_posix()) == room:
                    used |= imported(ast.parse(path.read_text(encoding="utf-8")))
        assert needs <= used, room


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        (
            "pipelines/run.py",
            "from isinglass.pipelines.stages.dedup import rank",
            "dedup",
        ),
        ("pipelines/run.py", "from isinglass.transforms.pii.found import F", "pii"),
        ("pipelines/run.py", "from isinglass.transforms import pii", "pii"),
        ("pipelines/run.py", "import isinglass.schemas.config.erase", "erase"),
        (
            "pipelines/run.py",
            "def f():\n    import isinglass.transforms.encode",
            "encode",
        ),
        ("pipelines/close.py", "print(run.config.balance)", "balance"),
        ("pipelines/close.py", "x = config.pii.mode", "pii"),
        ("pipelines/proof/a.py", "if run.manifest.second_scan: ...", "pii"),
        ("pipelines/report/a.py", "print(manifest.erasure)", "erase"),
        (
            "transforms/accounts.py",
            "from isinglass.transforms.dedup import cut",
            "dedup",
        ),
        (
            "pipelines/stages/pii/a.py",
            "from isinglass.transforms.dedup import x",
            "dedup",
        ),
        ("pipelines/stages/erase/a.py", "from isinglass.transforms.pii import x", ""),
        ("pipelines/stages/pii/a.py", "from isinglass.transforms.pii import x", ""),
        ("pipelines/stages/pii/a.py", "print(config.pii)", ""),
        ("transforms/pii/a.py", "from isinglass.schemas.config.pii import x", ""),
        ("pipelines/run.py", "from isinglass.pipelines.stages import STAGES", ""),
        ("pipelines/run.py", "from isinglass.transforms.edits import View", ""),
        ("pipelines/run.py", "print(config.gates, manifest.records, other.pii)", ""),
        ("isinglass/cli/jobs.py", "from isinglass.pipelines.stages.pii import x", ""),
        ("isinglass/api/a.py", "from isinglass.transforms.pii import x", ""),
    ],
)
def test_what_is_noticed(name: str, source: str, expected: str) -> None:
    assert foreign(name, source) == ({expected} if expected else set())
