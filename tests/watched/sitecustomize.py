"""Loaded by every interpreter that finds this folder on its path, so by workers, too.

Imports of `ISINGLASS_TEST_REFUSED` (names with commas between) raise. CPU seconds at
the first unit of a process go to a file of `ISINGLASS_TEST_NOTES`, named after it.
"""

from __future__ import annotations

import os
import sys
import time
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

REFUSED = set(os.environ.get("ISINGLASS_TEST_REFUSED", "").split(","))
NOTES = os.environ.get("ISINGLASS_TEST_NOTES")
UNITS = "isinglass.pipelines.engine.units"


class Watch(MetaPathFinder):
    """Stands before the finders of Python."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """Let a refused module be found, as one that is installed, but not run."""
        if name not in REFUSED and (name != UNITS or NOTES is None):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            instead = _refuse if name in REFUSED else _note
            run = partial(instead, spec.loader.exec_module)
            spec.loader.exec_module = run  # type: ignore[method-assign]
        return spec


def _refuse(_: Any, module: Any) -> None:
    message = f"{module.__name__} was imported by {sys.argv}"
    raise AssertionError(message)


def _note(run: Any, module: Any) -> None:
    run(module)
    work = module.run_unit

    def noted(*given: Any) -> Any:
        role = "worker" if "worker" in sys.argv[0] else "driver"
        file = Path(str(NOTES)) / f"{role}-{os.getpid()}"
        if not file.exists():
            file.write_text(str(time.process_time()))
        return work(*given)

    module.run_unit = noted


sys.meta_path.insert(0, Watch())
