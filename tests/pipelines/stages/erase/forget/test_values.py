"""The value file: what is taken, and what is refused without quoting it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from isinglass.pipelines.stages.erase.forget.values import Requested, read_values
from isinglass.schemas.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


def read(folder: Path, content: bytes, *, allow_short: bool = False) -> list[Requested]:
    path = folder / "values.txt"
    path.write_bytes(content)
    return list(read_values(path, allow_short=allow_short))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"Ann Lee\n", [("Ann Lee", None)]),
        (b"\xef\xbb\xbfAnn Lee\r\n\r\n  \n# note\n", [("Ann Lee", None)]),
        (b"PERSON\tAnn Lee\n", [("Ann Lee", "PERSON")]),
        (b"Ann\tLee", [("Ann\tLee", None)]),
        (b"Ann Lee\nAnn Lee\nann lee", [("Ann Lee", None), ("ann lee", None)]),
        (" Jos\u00e9 ".encode(), [("Jos\u00e9", None)]),
    ],
)
def test_lines(tmp_path: Path, content: bytes, expected: list[tuple[str, str]]) -> None:
    assert [(r.value, r.entity) for r in read(tmp_path, content)] == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no value"),
        (b"# only\n\n", "holds no value"),
        (b"Ann Lee\nZed\n", "line 2 has 3 letters"),
        (b"PERSON\tZed\n", "line 1 has 3 letters"),
        (b"- - - -\n", "line 1 holds neither"),
        (b"Zed " * 400, "line 1 has 1,599 characters"),
        (b"Z\xe9d Lee\n", "not UTF-8"),
    ],
)
def test_refusals_quote_nothing(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path, content)
    assert "Zed" not in str(caught.value)


def test_short_values_on_demand(tmp_path: Path) -> None:
    assert read(tmp_path, b"Zed\n", allow_short=True) == [Requested("Zed")]
    with pytest.raises(InputError, match="neither"):
        read(tmp_path, b"--\n", allow_short=True)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_values(tmp_path / "none")


def test_a_value_is_not_shown() -> None:
    assert "Zed" not in repr(Requested("Zed", "PERSON"))
