"""Personal data of a batch as spans that are changed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from isinglass.transforms.edits.edits import Edits

if TYPE_CHECKING:
    from isinglass.transforms.edits.edits import Write
    from isinglass.transforms.edits.view import View
    from isinglass.transforms.pii.scan import Scanner


def pii_edits(scanner: Scanner, view: View, write: Write) -> Edits:
    """Find personal data in what is read of a batch now.

    Args:
        scanner: A loaded detector.
        view: The batch; what was cut out of it is not scanned.
        write: What takes the place of a value; see `operators.apply.writer`.

    Returns:
        Its spans and failures; `allowed.<entity>` counts findings left alone because
        a list of the user allows the value.
    """
    scanned = scanner.scan(view.texts, view.languages)
    allowed = {f"allowed.{entity}": many for entity, many in scanned.allowed.items()}
    return Edits(
        view.in_source(scanned.findings),
        write,
        failures=scanned.failures,
        counts=Counter(allowed),
    )
