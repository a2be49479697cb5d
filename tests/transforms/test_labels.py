"""Labels of statistics hold no identifiers."""

from __future__ import annotations

import pyarrow as pa
import pytest

from isinglass.transforms.labels import is_language_tag, safe_labels


@pytest.mark.parametrize(
    ("label", "safe"),
    [
        ("nltk/nltk_data", "nltk/nltk_data"),
        ("CC-MAIN-2024-10", "CC-MAIN-2024-10"),
        ("dump 2026-11-24", "dump 2026-11-24"),
        ("joe.bloggs@mail.org", "<EMAIL_ADDRESS>"),
        ("from joe@mail.org, copied", "from <EMAIL_ADDRESS>, copied"),
        ("posts/joe@mail.org/2024", "posts/<EMAIL_ADDRESS>/2024"),
        ("@handle", "@handle"),
        ("call +44 20 7946 0018", "call <NUMBER>"),
        ("user 123456789012", "user <NUMBER>"),
        ("ssn 219-09-9999", "ssn <NUMBER>"),
        ("release 12345678", "release 12345678"),
        ("", ""),
        (None, None),
    ],
)
def test_identifiers_are_replaced(label: str | None, safe: str | None) -> None:
    assert safe_labels(pa.array([label], pa.string())).to_pylist() == [safe]


@pytest.mark.parametrize(
    ("tag", "known"),
    [
        ("en", True),
        ("eng", True),
        ("zh-Hans-CN", True),
        ("en_US", True),
        ("English", False),
        ("joe@mail.org", False),
        ("", False),
        (None, None),
    ],
)
def test_language_tags(tag: str | None, known: bool | None) -> None:  # noqa: FBT001
    assert is_language_tag(pa.array([tag], pa.string())).to_pylist() == [known]
