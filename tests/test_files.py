"""The files of a run are touched in one place, and another place would be noticed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

FOLDERS = ("pipelines", "isinglass/cli", "transforms")
DOOR = "pipelines/engine/workspace/"

MODULES = {
    "bz2",
    "fcntl",
    "fileinput",
    "glob",
    "gzip",
    "lzma",
    "mmap",
    "pyarrow.csv",
    "pyarrow.dataset",
    "pyarrow.feather",
    "pyarrow.fs",
    "pyarrow.parquet",
    "shutil",
    "tarfile",
    "tempfile",
    "zipfile",
}
"""What is imported for files alone: the import counts."""

_OS = (
    "access chmod chown fdopen fsync link listdir lstat makedirs mkdir open readlink "
    "remove removedirs rename renames replace rmdir scandir stat statvfs symlink "
    "truncate unlink utime walk"
)
_OS_PATH = "exists getmtime getsize isdir isfile islink lexists samefile"
_NUMPY = "fromfile genfromtxt load loadtxt memmap save savetxt savez savez_compressed"
_ARROW = "OSFile create_memory_map input_stream memory_map output_stream"
FUNCTIONS = {
    "io.open",
    "numpy.lib.format.open_memmap",
    *(f"os.{name}" for name in _OS.split()),
    *(f"os.path.{name}" for name in _OS_PATH.split()),
    *(f"numpy.{name}" for name in _NUMPY.split()),
    *(f"pyarrow.{name}" for name in _ARROW.split()),
}
_PATH = (
    "chmod exists glob hardlink_to is_dir is_file is_symlink iterdir lchmod lstat "
    "mkdir open read_bytes read_text readlink rglob rmdir samefile stat symlink_to "
    "touch unlink write_bytes write_text"
)
METHODS = set(_PATH.split())
"""Of `Path`; `replace` and `rename` besides, which strings and tables have too."""

OURS = {"outputs.write_bytes", "work.open", "stage.open", "RunFolder.open"}
"""Methods of the same names that are no path's."""

NOT_OF_A_RUN = {
    "pipelines/plan/": "inputs",
    "pipelines/places.py": "whether inputs are there, and where a run would be made",
    "pipelines/stages/encode/preflight.py": "a model that the configuration names",
    "pipelines/stages/encode/work.py": "what processes of all runs note of their GPU",
    "pipelines/engine/fingerprint.py": "our own code",
    "pipelines/engine/worker.py": "what the kernel tells of our processes",
    "pipelines/stages/pii/evaluate.py": "labelled data of the user",
    "pipelines/outside.py": "code of a stage of the user",
    "pipelines/stages/erase/forget/values.py": "a value file of the user",
    "isinglass/cli/app.py": "whether there is a folder for temporary files",
    "isinglass/cli/doctor.py": "the disk of the working folder",
    "isinglass/cli/init.py": "a configuration",
    "isinglass/cli/options.py": "a configuration",
    "transforms/associations/": "word vectors and lists that the configuration names",
    "transforms/compiled.py": "code that numba compiled",
    "transforms/demographics/": "our own word lists",
    "transforms/encode/likelihood/": "data that the configuration names",
    "transforms/encode/encoder/": "what processes of all runs note of their GPU",
    "transforms/encode/models/": "models",
    "transforms/encode/tokenizers/": "models, and tables of them in the user's cache",
    "transforms/explanations/": "a head of the user",
    "transforms/pii/": "our own data, models, and files that the configuration names",
    "transforms/read/": "inputs",
    "transforms/retention/dialect.py": "a model that the configuration names",
}

GIVEN_A_PATH = {
    "transforms/encode/outputs/megatron.py": "its name is of `UnitOutputs.reserve`",
    "transforms/encode/outputs/readers.py": "reads outputs for users, `verify` too",
    "transforms/encode/outputs/reconcile.py": "compares outputs that users name",
    "transforms/leace/eraser.py": "reads erasers for users; writes to memory alone",
    "transforms/write.py": "its name is of `UnitOutputs.open_table`",
}
"""Files of a run that are opened elsewhere, by a name that the workspace gave."""


def local_names(tree: ast.Module) -> dict[str, str]:
    """What each imported name of a module is called where it comes from."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                whole = alias.name if alias.asname else alias.name.partition(".")[0]
                names[alias.asname or whole] = whole
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def full_name(node: ast.expr, names: dict[str, str]) -> str:
    """`numpy.load` for `np.load`; of what is computed, the attributes alone."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        return f"{full_name(node.value, names)}.{node.attr}"
    return ""


def imported(node: ast.AST) -> list[str]:
    """Modules that a statement may import."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module is not None:
        return [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
    return []


def is_path_method(call: ast.Call, name: str) -> bool:
    """Whether a call is one of a path, by its name and the number of arguments."""
    owner, _, method = name.rpartition(".")
    own = f"{owner.rpartition('.')[2].lstrip('_')}.{method}"
    if not isinstance(call.func, ast.Attribute) or owner in MODULES:
        return False
    if own in OURS:
        return False
    one = len(call.args) == 1 and not call.keywords
    return method in METHODS or (method in {"rename", "replace"} and one)


def is_read(node: ast.expr) -> bool:
    """Whether it is a plain name whose value is asked for."""
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)


def file_uses(source: str) -> list[str]:
    """What a module does with files, sorted."""
    tree = ast.parse(source)
    names, found = local_names(tree), set()
    for node in ast.walk(tree):
        found |= MODULES.intersection(imported(node))
        if isinstance(node, ast.Name | ast.Attribute):
            name = full_name(node, names)
            by_class = name.startswith("pathlib.Path.")
            if name in FUNCTIONS or (name == "open" and is_read(node)):
                found.add(name)
            method = name.rpartition(".")[2]
            if by_class and method in METHODS | {"rename", "replace"}:
                found.add(f"Path.{method}")
        if isinstance(node, ast.Call):
            name = full_name(node.func, names)
            if name not in FUNCTIONS and is_path_method(node, name):
                found.add(f"Path.{name.rpartition('.')[2]}")
    return sorted(found)


def uses_by_module(root: Path) -> dict[str, list[str]]:
    """What the modules that are not the door do with files."""
    return {
        name: found
        for folder in FOLDERS
        for path in sorted((root / folder).rglob("*.py"))
        if not (name := path.relative_to(root).as_posix()).startswith(DOOR)
        and (found := file_uses(path.read_text(encoding="utf-8")))
    }


def unexplained(
    uses: dict[str, list[str]], excepted: set[str]
) -> tuple[dict[str, list[str]], set[str]]:
    """Uses that no exception covers, and exceptions that cover no use."""
    covers = {
        name: {
            e for e in excepted if name == e or (e[-1] == "/" and name.startswith(e))
        }
        for name in uses
    }
    bare = {name: found for name, found in uses.items() if not covers[name]}
    return bare, excepted.difference(*covers.values())


def test_files_of_a_run_have_one_door(repository: Path) -> None:
    excepted = {*NOT_OF_A_RUN, *GIVEN_A_PATH}
    uses, idle = unexplained(uses_by_module(repository), excepted)
    assert uses == {}, "go through pipelines/engine/workspace"
    assert idle == set(), "exceptions for what no longer occurs"


def test_the_door_is_where_files_are_touched(repository: Path) -> None:
    parts = {
        path.stem: file_uses(path.read_text(encoding="utf-8"))
        for path in (repository / DOOR).glob("*.py")
    }
    assert {name for name, found in parts.items() if found} == {"__init__"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("open('a')", ["open"]),
        ("list(map(open, paths))", ["open"]),
        ("import io\nio.open('a')", ["io.open"]),
        ("path.open('rb')", ["Path.open"]),
        ("(folder / 'a').open()", ["Path.open"]),
        ("self._path.read_bytes()", ["Path.read_bytes"]),
        ("workspace.table('data', s).read_text()", ["Path.read_text"]),
        ("path.write_bytes(b'')", ["Path.write_bytes"]),
        ("path.write_text('')", ["Path.write_text"]),
        ("path.unlink(missing_ok=True)", ["Path.unlink"]),
        ("from pathlib import Path\nmap(Path.unlink, paths)", ["Path.unlink"]),
        ("import pathlib\npathlib.Path.replace(a, b)", ["Path.replace"]),
        ("temporary.replace(path)", ["Path.replace"]),
        ("temporary.rename(path)", ["Path.rename"]),
        ("path.parent.mkdir(parents=True)", ["Path.mkdir"]),
        ("folder.rmdir()", ["Path.rmdir"]),
        ("any(folder.iterdir())", ["Path.iterdir"]),
        ("folder.glob('*')", ["Path.glob"]),
        ("folder.rglob('*')", ["Path.rglob"]),
        ("path.exists()", ["Path.exists"]),
        ("path.is_file()", ["Path.is_file"]),
        ("path.is_dir()", ["Path.is_dir"]),
        ("path.stat().st_size", ["Path.stat"]),
        ("path.touch()", ["Path.touch"]),
        ("path.chmod(0o600)", ["Path.chmod"]),
        ("import numpy as np\nnp.load(p)", ["numpy.load"]),
        ("from numpy import save\nsave(p, a)", ["numpy.save"]),
        ("import numpy\nmap(numpy.load, paths)", ["numpy.load"]),
        ("import numpy as np\nnp.memmap(p)", ["numpy.memmap"]),
        ("import pyarrow.parquet as pq", ["pyarrow.parquet"]),
        ("from pyarrow import parquet", ["pyarrow.parquet"]),
        ("from pyarrow.parquet import read_table", ["pyarrow.parquet"]),
        ("def late():\n    import pyarrow.dataset", ["pyarrow.dataset"]),
        ("import pyarrow as pa\npa.memory_map(p)", ["pyarrow.memory_map"]),
        ("import pyarrow as pa\npa.OSFile(p, 'wb')", ["pyarrow.OSFile"]),
        ("import os\nos.replace(a, b)", ["os.replace"]),
        ("import os\nos.path.getsize(a)", ["os.path.getsize"]),
        ("from os import path\npath.exists(a)", ["os.path.exists"]),
        ("from os import listdir\nlistdir(a)", ["os.listdir"]),
        ("import os as system\nsystem.fsync(3)", ["os.fsync"]),
        ("import shutil\nshutil.rmtree(a)", ["shutil"]),
        ("from shutil import rmtree", ["shutil"]),
        ("import tempfile", ["tempfile"]),
        ("import gzip\ngzip.open(a)", ["gzip"]),
    ],
)
def test_use_of_files_is_noticed(source: str, expected: list[str]) -> None:
    assert file_uses(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.getpid(), os.environ.get('A'), os.path.join(a, b)",
        "text.replace('a', 'b')",
        "from dataclasses import replace\nreplace(config, a=1)",
        "table.rename_columns(names)",
        "outputs.write_bytes(path, text)",
        "self._outputs.write_bytes(path, text)",
        "state = self._work.open()",
        "def open(self) -> None: ...",
        "if work.write_text: pass",
        "from os import listdir",
        "import numpy as np\nnp.concatenate(parts)",
        "import pyarrow as pa\npa.BufferOutputStream()",
        "from isinglass.pipelines.engine.workspace import exists\nexists(path)",
    ],
)
def test_other_code_is_let_through(source: str) -> None:
    assert file_uses(source) == []


def test_exceptions_cover_their_place_alone(tmp_path: Path) -> None:
    for name in (
        "plan/read.py",
        "clean.py",
        "stages/pii/evaluate.py",
        "engine/workspace/files.py",
    ):
        path = tmp_path / "pipelines" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("path.exists()\n", encoding="utf-8")
    (tmp_path / "pipelines/gone.py").write_text("exists(path)\n", encoding="utf-8")
    excepted = {
        "pipelines/plan/",
        "pipelines/stages/pii/evaluate.py",
        "pipelines/gone.py",
    }
    uses, idle = unexplained(uses_by_module(tmp_path), excepted)
    assert uses == {"pipelines/clean.py": ["Path.exists"]}
    assert idle == {"pipelines/gone.py"}
