"""The look at the output folder before a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from isinglass.cli.room import free_for
from isinglass.schemas.errors import OutputError


def test_room_is_looked_at_without_writing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert free_for(tmp_path / "new" / "run") > 0
    with pytest.raises(OutputError, match="Choose another output"):
        free_for(tmp_path / "file" / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
