"""The plan of a run: its inputs, its shards and its columns."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from isinglass.pipelines.places import HUB, Output
from isinglass.pipelines.plan.datasets_library import (
    hub_files,
    saved_dataset_root,
    saved_files,
)
from isinglass.pipelines.plan.discover import Found, discover
from isinglass.pipelines.plan.layout import InputFiles, make_layout
from isinglass.pipelines.plan.probe import PlannedInput, probe
from isinglass.pipelines.plan.shards import make_shards
from isinglass.schemas.config import InputConfig, RunConfig
from isinglass.schemas.documents import Layout, Shard
from isinglass.schemas.errors import InputError


@dataclass(frozen=True)
class Plan:
    """What a run reads, and in which units.

    Shards are sorted by `shard_id`. Inputs are all files, those without records
    included, in order of the configuration and then of the path.
    """

    shards: tuple[Shard, ...]
    layout: Layout
    inputs: tuple[PlannedInput, ...]


def plan(
    config: RunConfig, base: Path, deadly: Mapping[str, str] | None = None
) -> Plan:
    """Find, hash and cut the inputs of a run; nothing is written.

    Relative paths start from `base`. `deadly` says by their SHA-256 which files are
    known to be unreadable, and why. An input is refused that is missing, unreadable or
    ambiguous, lacks the mapped columns, or is a folder that holds the run folder.
    """
    output = Output.of(config.output, base)
    located = [_locate(item, base, output) for item in config.inputs]
    _check_paths(config, located)
    refuse, most = config.limits.unreadable_files == "refuse", config.limits.shard_bytes
    inputs = []
    for index, (item, found) in enumerate(zip(config.inputs, located, strict=True)):
        files = [
            probe(file, item, most, refuse=refuse, deadly=deadly or {})
            for file in found
        ]
        inputs.append(InputFiles(index, item, tuple(files)))
    return Plan(
        shards=make_shards(inputs, most),
        layout=make_layout(config, inputs),
        inputs=tuple(file for item in inputs for file in item.files),
    )


def _locate(item: InputConfig, base: Path, output: Output | None) -> list[Found]:
    if item.path.startswith(HUB):
        return hub_files(item, base)
    root = saved_dataset_root(item, base)
    if root is not None:
        return saved_files(item, root)
    return discover(item, base, output)


def _check_paths(config: RunConfig, located: list[list[Found]]) -> None:
    """Refuse a file that is read twice, and two files that would share their ids."""
    paths: dict[str, int] = {}
    names: dict[tuple[str, str], str] = {}
    folders: dict[str, str] = {}
    for index, found in enumerate(located):
        source = config.inputs[index].source
        for file in found:
            # Two paths can lead to one file by way of a link.
            first = paths.setdefault(_real_path(file.path, folders), index)
            if first != index:
                raise InputError(
                    f"{file.path} belongs to inputs[{first}] and inputs[{index}]. "
                    "Change one of the paths, so that each file is read once."
                )
            other = names.setdefault((source, file.relative), file.path)
            if other != file.path:
                raise InputError(
                    f"{other} and {file.path} are both {file.relative} of source "
                    f"{source}, so their documents would have the same ids. Give "
                    f"inputs[{index}] a `source` of its own, different from {source}."
                )


def _real_path(path: str, folders: dict[str, str]) -> str:
    """`os.path.realpath`, which asks for every folder once; `folders` keeps it."""
    if os.path.islink(path):  # noqa: PTH114 - a path object for each of very many files
        return os.path.realpath(path)
    folder, slash, name = path.rpartition("/")
    if folder not in folders:
        folders[folder] = os.path.realpath(folder + slash)
    return os.path.join(folders[folder], name)  # noqa: PTH118 - the same
