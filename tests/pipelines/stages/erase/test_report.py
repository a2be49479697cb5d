"""What the report says of erasures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from isinglass.pipelines.report.html import render_report
from isinglass.schemas.manifest import ErasureRequest, ErasureSummary, Manifest
from tests.pages import section_of

if TYPE_CHECKING:
    import pyarrow as pa


@pytest.mark.parametrize("looked_for", [True, False])
def test_erasures_are_told_with_and_without_detection(
    looked_for: bool,  # noqa: FBT001
    run_fields: dict[str, Any],
    no_statistics: pa.Table,
) -> None:
    request = ErasureRequest(
        values=2,
        remove="documents",
        documents=3,
        spans=4,
        found_by_key=1,
        found_by_text=3,
        found_elsewhere=0,
    )
    run_fields["erasure"] = ErasureSummary(
        documents=3, spans=0, listed=4, requests=[request]
    )
    if not looked_for:
        run_fields |= {"config": {}, "findings": {}, "recall": {}}
    html = render_report(Manifest(**run_fields), no_statistics, (), {})
    said = section_of(html, "pii")
    assert "Erased on request 3 documents were dropped" in said
    assert ("What was missed" in said) == looked_for
    assert "Not run" not in said
