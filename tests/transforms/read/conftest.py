"""Reading one file of bytes through `read_shard`, without planning."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from isinglass.schemas.config import Columns
from isinglass.schemas.documents import DocumentBatch, Layout, Piece, Shard
from isinglass.schemas.tables import DOCUMENTS, REJECTED, with_carried
from isinglass.transforms.read import read_shard
from isinglass.transforms.read.formats import format_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass
class Result:
    """What reading a file gave."""

    batches: list[DocumentBatch]
    layout: Layout
    documents: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:  # noqa: D105
        schema = with_carried(DOCUMENTS, self.layout.carried)
        for batch in self.batches:
            assert batch.documents.schema.equals(schema, check_metadata=True)
            assert batch.rejected.schema.equals(REJECTED, check_metadata=True)
            batch.documents.validate(full=True)
            batch.rejected.validate(full=True)
            assert batch.documents.num_rows + batch.rejected.num_rows <= 1024
            self.documents += batch.documents.to_pylist()
            self.rejected += batch.rejected.to_pylist()

    @property
    def texts(self) -> dict[int, str]:
        """Texts by row."""
        return {row["row"]: row["text"] for row in self.documents}

    @property
    def reasons(self) -> dict[int, str]:
        """Reasons by row."""
        return {row["row"]: row["reason"] for row in self.rejected}


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Result]:
    """Return a function that writes bytes (or takes a path) and reads them."""

    def run(
        name: str,
        data: bytes | None = None,
        *,
        carried: pa.Schema | None = None,
        columns: Columns | None = None,
        max_chars: int = 2_000_000,
        **piece: Any,
    ) -> Result:
        path = tmp_path / name
        if data is not None:
            path.write_bytes(data)
        layout = Layout(
            (columns or Columns(),), pa.schema(carried or []), {}, max_chars
        )
        file_format = format_of(name)
        assert file_format is not None
        shard = Shard("s", "docs", 0, (Piece(str(path), name, file_format, **piece),))
        return Result(list(read_shard(shard, layout)), layout)

    return run
