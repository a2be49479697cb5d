"""Compiled functions, whose code is kept on disk where there is a place for it.

numba keeps it beside the source or in the user's cache, and raises where neither can be
written: in a container with a read-only installation and no home. Then a folder for
temporary files has to do, and without that each process compiles what it needs.
"""

from __future__ import annotations

import logging
import os
import stat
import tempfile
from collections.abc import Callable
from functools import cache, cached_property, update_wrapper
from pathlib import Path
from typing import Any, TypeVar

LOGGER = logging.getLogger(__name__)

F = TypeVar("F", bound=Callable[..., Any])


def njit(**options: Any) -> Callable[[F], F]:
    """`numba.njit` with these options, and with its cache where there can be one.

    numba is imported with the first call, and sees then what is called: what refuses a
    configuration calls nothing.
    """

    def compiled(function: F) -> F:
        return _Compiled(function, options)  # type: ignore[return-value]  # called alike

    return compiled


class _Compiled:
    """Stands for what numba makes of a function, which takes its place inside numba."""

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        self._function, self._options = function, options
        update_wrapper(self, function)

    def __call__(self, *arguments: Any) -> Any:
        return self._made(*arguments)

    def __reduce__(self) -> str:
        return self._function.__qualname__

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)

    @cached_property
    def _made(self) -> Any:
        import numba  # noqa: PLC0415 - half a second

        made: Any = numba.njit(**self._options)(self._function)
        if not _cached(made) and _turn_to_temporary():
            _cached(made)
        return made


def _cached(made: Any) -> bool:
    try:
        made.enable_caching()
    except RuntimeError:
        return False
    return True


@cache
def _turn_to_temporary() -> bool:
    """Let numba use a folder of temporary files; False if there is none."""
    folder = _private_folder()
    if folder is None:
        LOGGER.warning(
            "Compiled code can be kept nowhere, so every process compiles anew, for "
            "about 20 s. Set NUMBA_CACHE_DIR to a folder that can be written."
        )
        return False
    import numba  # noqa: PLC0415

    numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
    LOGGER.warning(
        "Neither the installation nor the home folder can be written: compiled code is "
        "kept in %s. Set NUMBA_CACHE_DIR to a folder that stays, or about 20 s of "
        "compiling come again.",
        folder,
    )
    return True


def _private_folder() -> Path | None:
    """A folder that nobody else can write to: what is read from it is run."""
    try:
        folder = Path(tempfile.gettempdir()) / f"isinglass-code-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        seen = folder.lstat()
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return None
    owned = stat.S_ISDIR(seen.st_mode) and seen.st_uid == os.getuid()
    return folder if owned and not seen.st_mode & 0o022 else None
