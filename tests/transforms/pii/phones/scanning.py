"""What the scanner finds in a text, for the tables of cases."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from isinglass.transforms.pii.budget import Budget
from isinglass.transforms.pii.digits import digit_places
from isinglass.transforms.pii.found import FoundColumns
from isinglass.transforms.pii.phones.scanner import PhoneScanner
from isinglass.transforms.pii.plain import make_plain
from isinglass.transforms.text import string_buffers

REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "IN", "CN", "KR", "BR", "AU")


def scan(texts: list[str], regions: tuple[str, ...] = REGIONS) -> list[dict[str, Any]]:
    found, budget = FoundColumns(), Budget(60)
    plain = make_plain(pa.array(texts, pa.string()))
    data, offsets = string_buffers(plain.texts)
    PhoneScanner(regions).scan(
        data, offsets, digit_places(data, offsets), budget, found
    )
    found.relocate(plain.places, 0)
    assert not budget.failed
    rows: list[dict[str, Any]] = found.batch().to_pylist()
    return rows


def values(text: str, regions: tuple[str, ...] = REGIONS) -> list[str]:
    return [text[f["start"] : f["end"]] for f in scan([text], regions)]


def marked(text: str) -> tuple[str, list[str]]:
    """A text without its marks, and what stands between each pair of them: ⟦ ⟧."""
    parts = text.replace("⟧", "⟦").split("⟦")
    return "".join(parts), parts[1::2]
