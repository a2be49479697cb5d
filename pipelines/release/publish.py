"""`--to FOLDER`: a folder of exactly what is to be handed on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from isinglass.pipelines.engine.workspace import (
    exists,
    file_sha256,
    is_folder,
    link_or_copy,
    list_folder,
    make_folder,
    put_in_place,
    read_bytes,
    remove_scratch,
    sums_text,
    temporary_name,
    write_atomically,
)
from isinglass.pipelines.proof.files import SUMS
from isinglass.schemas.errors import OutputError

if TYPE_CHECKING:
    from isinglass.pipelines.release.job import Released


def check_target(run: Path, folder: Path) -> None:
    """Refuse a folder that holds something, or that is in the run or around it."""
    here, there = folder.resolve(), run.resolve()
    if here == there or there in here.parents or here in there.parents:
        raise OutputError(f"{folder} is in the run or holds it; name another folder.")
    if exists(folder) and not is_folder(folder):
        raise OutputError(f"{folder} is a file; name another folder.")
    if exists(folder) and list_folder(folder):
        raise OutputError(
            f"{folder} is not empty; name a folder that is, or one that is not there."
        )


def publish(done: Released, folder: Path) -> None:
    """Make the folder; it is there whole or not at all.

    Tables are a second name of the file in the run where the file system allows; papers
    are copies, for people to edit.
    """
    made = temporary_name(folder.resolve())
    remove_scratch(made)
    make_folder(made)
    try:
        hashes = {}
        for name in done.published:
            if "/" in name:
                link_or_copy(done.run.folder / name, made / name)
            else:
                write_atomically(made / name, read_bytes(done.run.folder / name))
            hashes[name] = file_sha256(made / name)
        write_atomically(made / SUMS, sums_text(hashes))
        put_in_place(made, folder)
    except BaseException:
        remove_scratch(made)
        raise
