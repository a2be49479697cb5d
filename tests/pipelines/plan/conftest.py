"""Planning a folder of files, and reading what was planned."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from isinglass.pipelines.plan import Plan, plan
from isinglass.schemas.config import RunConfig
from isinglass.transforms.read import read_shard

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass
class Everything:
    """All records of a plan."""

    plan: Plan
    documents: pa.Table
    rejected: list[dict[str, Any]]

    @property
    def texts(self) -> list[str]:
        """The texts, sorted."""
        return sorted(self.documents["text"].to_pylist())

    @property
    def reasons(self) -> Counter[str]:
        """How many records were rejected for which reason."""
        return Counter(row["reason"] for row in self.rejected)


@pytest.fixture
def planned(tmp_path: Path) -> Callable[..., Plan]:
    """Return a function that plans inputs, given as dicts, below `tmp_path`."""

    def run(*inputs: dict[str, Any], output: str = "-", **limits: Any) -> Plan:
        values = {"inputs": inputs, "output": output, "limits": limits}
        return plan(RunConfig.model_validate(values), tmp_path)

    return run


@pytest.fixture
def read_all(planned: Callable[..., Plan]) -> Callable[..., Everything]:
    """Return a function that plans inputs and reads all shards."""

    def run(*inputs: dict[str, Any], **limits: Any) -> Everything:
        made = planned(*inputs, **limits)
        batches = [b for s in made.shards for b in read_shard(s, made.layout)]
        tables = [batch.documents for batch in batches]
        rejected = [row for batch in batches for row in batch.rejected.to_pylist()]
        documents = pa.Table.from_batches(tables, None if tables else pa.schema([]))
        ids = [*(documents["doc_id"].to_pylist() if tables else [])]
        ids += [row["doc_id"] for row in rejected]
        assert len(set(ids)) == len(ids)
        rows = [piece.rows for shard in made.shards for piece in shard.pieces]
        if None not in rows:
            assert sum(filter(None, rows)) == len(ids)
        return Everything(made, documents, rejected)

    return run
