"""The page on the functions: its examples are run, and its tables are true."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import apache_beam
import pytest

import isinglass
from isinglass.transforms import beam

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def page(repository: Path) -> str:
    return (repository / "docs" / "api.md").read_text(encoding="utf-8")


def test_the_examples_are_true(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(>>> .*?)```", page, re.DOTALL)
    parsed = doctest.DocTestParser().get_doctest("".join(blocks), {}, "api.md", None, 0)
    assert len(parsed.examples) > 15
    result = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF).run(parsed)
    assert result.failed == 0, capsys.readouterr().out


def test_every_function_and_ptransform_is_described(page: str) -> None:
    for name in isinglass.__all__[1:]:
        assert f"isinglass.{name}(" in page, name
    for name, value in vars(beam).items():
        if isinstance(value, type) and issubclass(value, apache_beam.PTransform):
            assert f"| `{name}(" in page, name


def fresh(code: str) -> str:
    """What a process of its own prints."""
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        check=False,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_the_import_takes_no_time() -> None:
    code = (
        "import time; began = time.perf_counter(); import isinglass;"
        "print(time.perf_counter() - began)"
    )
    assert min(float(fresh(code)) for _ in range(3)) < 0.3


def test_functions_are_there_before_they_are_loaded() -> None:
    code = (
        "import sys, isinglass; print(*dir(isinglass)); before = len(sys.modules);"
        "print(isinglass.find_pii.__module__, 'apache_beam' in sys.modules)"
    )
    names, loaded = fresh(code).splitlines()
    assert set(isinglass.__all__) <= set(names.split())
    assert loaded == "isinglass.api.personal False"
    with pytest.raises(AttributeError, match="no attribute 'find_pi'"):
        isinglass.find_pi  # type: ignore[attr-defined]  # noqa: B018
