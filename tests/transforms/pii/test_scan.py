"""Personal data as spans of the source: nothing that was cut out is scanned."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, cast

from isinglass.transforms.edits import Precedence
from isinglass.transforms.pii.budget import failures_batch
from isinglass.transforms.pii.detector import Detection
from isinglass.transforms.pii.scan import pii_edits
from tests.findings import Found, findings_batch
from tests.transforms.edits.batches import cuts_of, spans_of, view_of, write

if TYPE_CHECKING:
    import pyarrow as pa

    from isinglass.transforms.pii.detector import Detector


class Names:
    """Finds all of `Ann Lee`, and `Ann` in it; fails on a text that ends in `!`."""

    def detect(self, texts: pa.StringArray, _languages: pa.StringArray) -> Detection:
        found, failed = [], {}
        for row, text in enumerate(texts.to_pylist()):
            if text.endswith("!"):
                failed[row] = ("detector_error", "ValueError")
                continue
            for entity, value, score in (("NAME", "Ann Lee", 0.5), ("ANN", "Ann", 1.0)):
                start = text.find(value)
                if start >= 0:
                    place = (row, start, start + len(value))
                    found.append(Found(*place, entity, score, "presidio", "r", None))
        return Detection(findings_batch(found), failures_batch(failed), Counter(URL=3))


def test_what_is_read_is_scanned_and_found_in_the_source() -> None:
    view = view_of(["Ann L--ee", "no one", "Ann Lee!", "--Ann Lee"])
    view = view.with_cuts([cuts_of([[(5, 7)], [], [], [(0, 2)]])])
    edits = pii_edits(cast("Detector", Names()), view, write)
    # Of overlapping spans one stays; none crosses the seam.
    assert spans_of(edits.spans) == [
        (0, 0, 5, "NAME"),
        (0, 7, 9, "NAME"),
        (3, 2, 9, "NAME"),
    ]
    assert edits.failures.column("row").to_pylist() == [2]
    assert edits.counts == {"allowed.URL": 3}
    assert edits.precedence is Precedence.REDACT
    assert edits.write is write
