"""Made-up secrets, which say that they are examples."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from isinglass.transforms.pii.operators.surrogates.shape import same_shape

if TYPE_CHECKING:
    from isinglass.transforms.pii.operators.surrogates.stream import Stream

MARK = "EXAMPLE"
"""In every fake, as in the example keys of cloud providers' manuals."""

# The scheme of a URL, the first line of a PEM block, words that end with - or _ (sk-,
# ghp_, sk_live_), four letters of AWS or Google, and the first part of a JSON token.
_PREFIX = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*://|-----BEGIN [A-Z ]+-----\s*|(?:[A-Za-z]{2,10}[-_]){1,3}"
    r"|A(?:KIA|SIA|IDA|ROA|GPA|NPA|NVA)|AIza|eyJ"
)
_RUN = re.compile(r"[^\W_]{7,}")


def fake_credential(value: str, stream: Stream) -> str:
    """The prefix that says what it is, then the same shape with EXAMPLE inside.

    EXAMPLE is the end of the longest run of letters and digits. A rest without one of
    seven becomes longer, by an EXAMPLE at its end.
    """
    match = _PREFIX.match(value)
    prefix = match.group() if match is not None else ""
    rest = same_shape(value[len(prefix) :], stream)
    runs = sorted(_RUN.finditer(rest), key=lambda run: run.start() - run.end())
    if not runs:
        return f"{prefix}{rest}{MARK}"
    end = runs[0].end()
    return f"{prefix}{rest[: end - len(MARK)]}{MARK}{rest[end:]}"


def is_fake_credential(value: str) -> bool:
    """Whether a secret says that it is an example."""
    return MARK in value
