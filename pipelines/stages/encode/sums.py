"""What must hold between the clean pass and the encode pass of a shard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.stage import Sum

if TYPE_CHECKING:
    from collections.abc import Mapping

_OF_DOCUMENTS = ("tokens", "embeddings", "hidden_states")


def sums(clean: Mapping[str, int], encode: Mapping[str, int]) -> list[Sum]:
    """Every kept document was encoded.

    Args:
        clean: Counts of the clean pass of a shard.
        encode: Counts of the encode pass of the same shard.
    """
    records, kept = encode["records_in"], clean.get("kept", 0)
    return [Sum("records in = records kept", records, kept)]


def rows(encode: Mapping[str, int]) -> dict[str, int]:
    """Rows of the tables of the encode pass, by its counts."""
    of_documents = dict.fromkeys(_OF_DOCUMENTS, encode["rows"])
    return {**of_documents, "packed": encode.get("packed_rows", 0)}
