from __future__ import annotations

import hashlib
import hmac

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.config.pii import EntityConfig, Operator, PiiConfig
from isinglass.schemas.tables import FINDINGS
from isinglass.transforms.pii.operators.apply import (
    Redaction,
    apply_operators,
    operate,
    value_key,
)
from isinglass.transforms.pii.operators.normalised import normalised
from isinglass.transforms.pii.tables import Found, findings_batch

KEY = b"a key for tests"
OPERATORS: tuple[Operator, ...] = (
    "replace",
    "mask",
    "redact",
    "generalise",
    "hash",
    "surrogate",
    "keep",
)
CONFIG = PiiConfig(
    entities={name.upper(): EntityConfig(operator=name) for name in OPERATORS}
    | {
        "EMAIL_ADDRESS": EntityConfig(operator="surrogate"),
        "PHONE_NUMBER": EntityConfig(operator="surrogate"),
        "PERSON": EntityConfig(operator="surrogate"),
        "SECRET": EntityConfig(operator="surrogate"),
        "IP_ADDRESS": EntityConfig(operator="generalise"),
    }
)


def apply(texts: list[str], spans: list[tuple[int, int, int, str]]) -> Redaction:
    found = findings_batch(
        [Found(*span, 0.5, "presidio", "rule", None) for span in spans]
    )
    return apply_operators(pa.array(texts, pa.string()), found, CONFIG, KEY)


def key_of(entity: str, value: str) -> str:
    message = f"{entity}\0{normalised(entity, value)}".encode()
    return hmac.new(KEY, message, hashlib.sha256).hexdigest()[:32]


@pytest.mark.parametrize(
    ("entity", "output"),
    [
        ("REPLACE", "<REPLACE>"),
        ("MASK", "**.*@é*.🙂".replace("é", "*")),
        ("REDACT", ""),
        ("HASH", f"<HASH:{key_of('HASH', 'ab.c@éd.🙂')[:16]}>"),
        ("GENERALISE", "<GENERALISE>"),
        ("KEEP", "ab.c@éd.🙂"),
    ],
)
def test_each_operator(entity: str, output: str) -> None:
    value = "ab.c@éd.🙂"
    result = apply(["plain", f"é {value} z"], [(1, 2, 2 + len(value), entity)])
    assert result.texts.to_pylist() == ["plain", f"é {output} z"]
    row = result.findings.to_pylist()[0]
    assert (row["clean_start"], row["clean_end"]) == (2, 2 + len(output))
    assert (row["operator"], row["value_key"]) == (
        entity.lower(),
        key_of(entity, value),
    )
    changed = entity != "KEEP"
    assert result.changed.tolist() == [0, int(changed)]
    assert result.redacted.tolist() == [0, len(value) * changed]
    assert result.inserted.tolist() == [0, len(output) * changed]


@st.composite
def documents(draw: st.DrawFn) -> tuple[list[str], list[tuple[int, int, int, str]]]:
    texts = draw(st.lists(st.text("aBé🙂余1 .@+\u0301", max_size=30), max_size=5))
    spans = []
    for row, text in enumerate(texts):
        borders = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
        # Every other stretch, or all of them, one beside the other.
        step = draw(st.sampled_from((1, 2)))
        if draw(st.booleans()):
            borders, step = [0, len(text)], 1
        for start, end in zip(borders[::step], borders[1::step], strict=False):
            entity = draw(st.sampled_from(sorted(CONFIG.entities)))
            spans.append((row, start, end, entity))
    return texts, spans


@given(documents())
def test_offsets_and_counts_for_any_mix(
    case: tuple[list[str], list[tuple[int, int, int, str]]],
) -> None:
    texts, spans = case
    result = apply(texts, spans)
    cleans = result.texts.to_pylist()
    rows = result.findings.to_pylist()
    assert len(rows) == len(spans)
    for row, (text, clean) in enumerate(zip(texts, cleans, strict=True)):
        outside, outside_clean, at, clean_at = "", "", 0, 0
        for f in (f for f in rows if f["row"] == row):
            value = text[f["start"] : f["end"]]
            output = clean[f["clean_start"] : f["clean_end"]]
            assert output == operate(
                f["operator"], f["entity"], value, key_of(f["entity"], value)
            )
            outside += text[at : f["start"]] + "|"
            outside_clean += clean[clean_at : f["clean_start"]] + "|"
            at, clean_at = f["end"], f["clean_end"]
        assert outside + text[at:] == outside_clean + clean[clean_at:]
        growth = int(result.inserted[row] - result.redacted[row])
        assert len(clean) == len(text) + growth


@given(documents())
def test_batches_may_be_split_anywhere(
    case: tuple[list[str], list[tuple[int, int, int, str]]],
) -> None:
    texts, spans = case
    whole = apply(texts, spans)
    parts = [
        apply([text], [(0, *span[1:]) for span in spans if span[0] == row])
        for row, text in enumerate(texts)
    ]
    assert [part.texts[0] for part in parts] == list(whole.texts)
    names = ("start", "end", "clean_start", "clean_end", "operator", "value_key")
    for name in names:
        own = [value for part in parts for value in part.findings.column(name)]
        assert own == list(whole.findings.column(name))
    for name in ("redacted", "inserted", "changed"):
        own = [int(getattr(part, name)[0]) for part in parts]
        assert own == getattr(whole, name).tolist()


def test_values_too_long_to_remember_are_changed_alike() -> None:
    long = "Anna " * 100
    result = apply([f"{long}|Anna"], [(0, 0, len(long), "PERSON")])
    mark = value_key(KEY, "PERSON", long)
    expected = operate("surrogate", "PERSON", long, mark)
    assert result.texts.to_pylist() == [f"{expected}|Anna"]
    assert "Anna" not in expected


def test_spellings_of_one_value_have_one_key() -> None:
    text = "Jo@Acme.org JO@ACME.ORG jo.@acme.org"
    result = apply([text], [(0, n, n + 11, "EMAIL_ADDRESS") for n in (0, 12)])
    one, two = result.findings.column("value_key").to_pylist()
    assert one == two != value_key(KEY, "EMAIL_ADDRESS", "jo.@acme.org")
    assert one != value_key(b"another key", "EMAIL_ADDRESS", "jo@acme.org")
    first, second, _ = result.texts[0].as_py().split()
    assert first.casefold() == second.casefold()
    assert (first[0].isupper(), first[1].islower()) == (True, True)


def test_no_other_operator_is_known() -> None:
    with pytest.raises(ValueError, match="'shred' is not known"):
        operate("shred", "PERSON", "Ann", "0" * 32)


def test_the_table_of_a_run_takes_the_findings() -> None:
    result = apply(["jo"], [(0, 0, 2, "HASH")])
    own = {f.name: f.type for f in result.findings.schema}
    assert {f.name: f.type for f in FINDINGS if f.name != "doc_id"} == {
        name: own[name] for name in FINDINGS.names[1:]
    }
    assert "jo" not in repr(result)


def test_equal_values_have_equal_keys_of_one_entity_and_key_only() -> None:
    result = apply(
        ["jo jo", "jo"], [(0, 0, 2, "HASH"), (0, 3, 5, "MASK"), (1, 0, 2, "HASH")]
    )
    one, mask, two = result.findings.column("value_key").to_pylist()
    assert one == two != mask
    found = findings_batch([Found(0, 0, 2, "HASH", 0.5, "presidio", "rule", None)])
    other = apply_operators(pa.array(["jo"]), found, CONFIG, b"other")
    assert other.findings.column("value_key").to_pylist() != [one]


def test_texts_without_findings_are_passed_through() -> None:
    texts = pa.array(["x", "y", "z"])[1:]
    result = apply_operators(texts, findings_batch([]), CONFIG, KEY)
    assert result.texts.equals(texts)
    assert result.findings.num_rows == 0
    assert result.changed.tolist() == [0, 0]


@pytest.mark.parametrize("second", [(1, 3), (4, 9), (0, 1)])
def test_overlaps_and_foreign_offsets_are_refused(second: tuple[int, int]) -> None:
    spans = [Found(0, *s, "KEEP", 0.5, "presidio", "r", None) for s in ((0, 2), second)]
    batch = pa.concat_batches([findings_batch([span]) for span in spans])
    with pytest.raises(ValueError, match="overlaps another"):
        apply_operators(pa.array(["abcdef"]), batch, CONFIG, KEY)
    with pytest.raises(ValueError, match="not known"):
        operate("shred", "KEEP", "x", "")
