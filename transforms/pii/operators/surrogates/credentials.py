"""Made-up secrets, which say that they are examples."""

from __future__ import annotations

import re

from isinglass.transforms.pii.operators.surrogates.shape import Stream, same_shape

MARK = "EXAMPLE"
"""In every fake, as in the example keys of cloud providers' manuals."""

# The scheme of a URL, the first line of a PEM block, words that end with - or _ (sk-,
# ghp_, sk_live_), four letters of AWS or Google, and the first part of a JSON token.
_PREFIX = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*://|-----BEGIN [0-9A-Z ]+-----(?:\s|\\[nr])*"
    r"|(?:[A-Za-z]{2,10}[-_]){1,3}"
    r"|A(?:KIA|SIA|IDA|ROA|GPA|NPA|NVA)|AIza|eyJ"
)
# The last line of a PEM block (RFC 7468), whose line ends may be escapes of JSON.
_LAST_LINE = re.compile(r"(?:\s|\\[nr])*-----END [0-9A-Z ]+-----\s*\Z")
_ESCAPES = re.compile(r"(\\[nr])")
_RUN = re.compile(r"[^\W_]{7,}")
_PEM = "-----BEGIN "


def fake_credential(value: str, stream: Stream) -> str | None:
    """The prefix that says what it is, then the same shape with EXAMPLE inside.

    The first and last line of a PEM block stay, and how its lines end.

    EXAMPLE is the end of the longest run of letters and digits. A rest without one of
    seven becomes longer, by an EXAMPLE at its end.
    None for an empty value.
    """
    if not value:
        return None
    match = _PREFIX.match(value)
    prefix = match.group() if match is not None else ""
    rest, last = value[len(prefix) :], ""
    if prefix.startswith(_PEM):
        end_line = _LAST_LINE.search(rest)
        if end_line is not None:
            rest, last = rest[: end_line.start()], end_line.group()
        # Escapes stand at the odd places.
        parts = _ESCAPES.split(rest)
        parts[::2] = [same_shape(part, stream) for part in parts[::2]]
        rest = "".join(parts)
    else:
        rest = same_shape(rest, stream)
    return f"{prefix}{_marked(rest)}{last}"


def _marked(rest: str) -> str:
    runs = sorted(_RUN.finditer(rest), key=lambda run: run.start() - run.end())
    if not runs:
        return f"{rest}{MARK}"
    end = runs[0].end()
    return f"{rest[: end - len(MARK)]}{MARK}{rest[end:]}"


def is_fake_credential(value: str) -> bool:
    """Whether a secret says that it is an example."""
    return MARK in value
