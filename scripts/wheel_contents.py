"""Compare a wheel and a source archive with the files of the checkout.

Every module and every data file of the four folders must be in both, under its
imported name in the wheel and under its folder in the archive, and nothing else.
"""

from __future__ import annotations

import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("pipelines", "transforms", "schemas")
COMPILED = {".pyc", ".nbi", ".nbc"}


def expected_files() -> set[str]:
    """Return the files that belong into both, relative to the checkout."""
    found = set()
    for folder in (*LAYERS, "isinglass"):
        for path in (ROOT / folder).rglob("*"):
            relative = path.relative_to(ROOT)
            linked = relative.parts[0] == "isinglass" and relative.parts[1] in LAYERS
            if path.is_file() and path.suffix not in COMPILED and not linked:
                found.add(relative.as_posix())
    return found


def in_wheel(wheel: Path) -> set[str]:
    """Return the wheel's files, under the folder they came from."""
    found = set()
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            parts = Path(name).parts
            if parts[0] == "isinglass":
                inner = parts[1:] if parts[1] in LAYERS else parts
                found.add("/".join(inner))
    return found


def in_archive(archive: Path) -> set[str]:
    """Return the source archive's files of the four folders."""
    with tarfile.open(archive) as members:
        names = ["/".join(Path(m.name).parts[1:]) for m in members if not m.isdir()]
    folders = (*LAYERS, "isinglass")
    return {name for name in names if name.partition("/")[0] in folders}


def report(label: str, found: set[str], expected: set[str]) -> bool:
    """Print what is missing or too much; return whether nothing is."""
    for name in sorted(expected - found):
        print(f"{label} lacks {name}", file=sys.stderr)
    for name in sorted(found - expected):
        print(f"{label} holds {name}, which does not belong there", file=sys.stderr)
    return found == expected


def main(wheel: Path, archive: Path) -> int:
    """Return 0 where both hold exactly what they should."""
    expected = expected_files()
    same = [
        report("the wheel", in_wheel(wheel), expected),
        report("the source archive", in_archive(archive), expected),
    ]
    if all(same):
        print(f"{len(expected)} files in the wheel and in the source archive")
    return 0 if all(same) else 1


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), Path(sys.argv[2])))
