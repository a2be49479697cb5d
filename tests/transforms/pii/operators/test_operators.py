from __future__ import annotations

import hashlib
import hmac
import unicodedata

import pytest

from isinglass.schemas.config.pii import EntityConfig, Operator, PiiConfig
from isinglass.schemas.tables import FINDINGS
from isinglass.transforms.edits import Applied, Edits, apply_edits
from isinglass.transforms.pii.operators.normalised import normalised
from isinglass.transforms.pii.operators.replacement import operate, value_key, writer
from tests.findings import Found, findings_batch
from tests.transforms.edits.batches import view_of

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


def apply(
    texts: list[str], spans: list[tuple[int, int, int, str]], key: bytes = KEY
) -> Applied:
    found = findings_batch(
        [Found(*span, 0.5, "presidio", "rule", None) for span in spans]
    )
    return apply_edits(view_of(texts), [Edits(found, writer(CONFIG, key))])


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
    other = apply(["jo"], [(0, 0, 2, "HASH")], b"other")
    assert other.findings.column("value_key").to_pylist() != [one]


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("Anna-M. Doe", "****-*. ***"),
        ("กิตติ", "***"),
        ("राम", "**"),
        ("שְׁלֹמֹה", "****"),
        ("Jose\u0301", "****"),
        ("김철수", "***"),
        ("ش\u200cریف", "****"),
        ("1\ufe0f\u20e32", "**"),
    ],
)
def test_of_a_masked_value_its_length_stays_alone(value: str, masked: str) -> None:
    assert operate("mask", "PERSON", value, "0" * 32) == masked
    fake = operate("surrogate", "PERSON", value, f"{7:032x}")
    kept = {char for char in fake if unicodedata.category(char)[0] in "MC"}
    assert kept == set()
