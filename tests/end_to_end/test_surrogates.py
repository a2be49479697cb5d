"""Runs that put surrogates and coarse forms in place, and what `verify` proves."""

from __future__ import annotations

import json
import random
import shutil
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from isinglass.pipelines.proof.prove import prove
from tests.corpora import document, write_jsonl
from tests.forgeries import finish, in_cell, in_rows, in_table, remove, reseal

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from tests.forgeries import Change

EMAIL, CARD, IP = "EMAIL_ADDRESS", "CREDIT_CARD", "IP_ADDRESS"
OPERATORS = {EMAIL: "surrogate", CARD: "surrogate", IP: "generalise"}
KEY = "a secret of at least thirty-two characters"
# The last ones with characters of full width, no-break and zero width blanks.
SPELLINGS = (
    "Jo.Doe@mailbox.io",
    "jo.doe@mailbox.io",
    "jo.doe\uff20mailbox\uff0e\u200bio",
)
CARDS = (
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "\uff14\uff11\uff11\uff11\u00a01111\u00a01111\u00a01111",
)
ADDRESSES = ("8.8.4.", "8.8.4.", "\uff18.8\uff0e4.\u200b")


def corpus(folder: Path) -> None:
    chance = random.Random(5)  # noqa: S311 - test data
    rows: list[dict[str, Any]] = []
    for number in range(12):
        text = document(chance)
        way = number % len(SPELLINGS)
        email, card, address = SPELLINGS[way], CARDS[way], f"{ADDRESSES[way]}{number}"
        text += f" Write to {email}, paid by card {card} from IP address {address}"
        rows.append({"id": f"n{number}", "text": f"{text} at noon."})
    folder.mkdir()
    write_jsonl(folder / "a.jsonl", rows[:6])
    write_jsonl(folder / "b.jsonl", rows[6:])


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("surrogates")
    corpus(folder / "corpus")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ISINGLASS_TEST_KEY", KEY)
        return finish(folder, "run", sections(), "clean")


def sections() -> dict[str, Any]:
    entities = {entity: {"operator": name} for entity, name in OPERATORS.items()}
    return {
        "pii": {
            "mode": "identifiers",
            "entities": entities,
            "key_env": "ISINGLASS_TEST_KEY",
            "canaries": {"documents": 0},
        }
    }


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy to tamper with."""
    shutil.copytree(finished, tmp_path / "run")
    return tmp_path / "run"


def pieces(run: Path) -> dict[str, list[str]]:
    """What is in place of the findings of each kind."""
    found: dict[str, list[str]] = {}
    for path in sorted((run / "data").iterdir()):
        for row in pq.read_table(path).to_pylist():
            for span in row["pii"]:
                piece = row["text"][span["start"] : span["end"]]
                found.setdefault(span["entity"], []).append(piece)
    return found


def failed(run: Path) -> set[str]:
    return {check.name for check in prove(run) if check.status == "failed"}


def test_a_value_has_one_surrogate_in_all_shards(finished: Path) -> None:
    found = pieces(finished)
    assert len(found[EMAIL]) == len(found[CARD]) == 12
    assert all(piece.isascii() for kind in found.values() for piece in kind)
    assert len({piece.casefold() for piece in found[EMAIL]}) == 1
    assert len({piece.replace("-", " ") for piece in found[CARD]}) == 1
    assert {piece.partition("@")[2] for piece in found[EMAIL]} <= {
        "example.com",
        "example.net",
        "example.org",
    }
    assert set(found[IP]) == {"8.8.0.0/16"}
    manifest = json.loads((finished / "manifest.json").read_text())
    assert manifest["operators"] == {
        EMAIL: {"operator": "surrogate", "privacy_class": "surrogate"},
        CARD: {"operator": "surrogate", "privacy_class": "surrogate"},
        IP: {"operator": "generalise", "privacy_class": "generalised"},
    }


def test_a_later_run_with_the_key_makes_the_same(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISINGLASS_TEST_KEY", KEY)
    again = finish(finished.parent, "again", sections(), "clean")
    assert pieces(again) == pieces(finished)
    monkeypatch.setenv("ISINGLASS_TEST_KEY", KEY[::-1])
    other = finish(finished.parent, "other", sections(), "clean")
    assert not set(pieces(other)[EMAIL]) & set(pieces(finished)[EMAIL])


def test_surrogates_are_proved_without_the_key(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ISINGLASS_TEST_KEY", raising=False)
    checks = {check.name: check for check in prove(run)}
    assert {n: c.detail for n, c in checks.items() if c.status == "failed"} == {}
    assert checks["findings"].status == checks["source texts"].status == "passed"


def instead(old: str, new: str) -> Change:
    """A forgery of one text, of the same length."""
    assert len(old) == len(new)

    def change(table: pa.Table) -> pa.Table:
        rows = table.to_pylist()
        row = next(row for row in rows if old in row["text"])
        row["text"] = row["text"].replace(old, new)
        return table.from_pylist(rows, table.schema)

    return in_table("data", change)


def first(run: Path, entity: str) -> str:
    return pieces(run)[entity][0]


def test_a_real_address_in_place_of_a_surrogate_is_found(run: Path) -> None:
    fake = first(run, EMAIL)
    instead(fake, fake.replace("@example", "@mailbox"))(run)
    reseal(run)
    assert failed(run) >= {"findings", "source texts"}


def test_a_real_card_in_place_of_a_surrogate_is_found(run: Path) -> None:
    instead(first(run, CARD), CARDS["-" in first(run, CARD)])(run)
    reseal(run)
    assert failed(run) >= {"findings", "source texts"}


def test_another_surrogate_for_the_same_value_is_found_without_inputs(
    run: Path,
) -> None:
    fake = first(run, EMAIL)
    start = "Z" if fake[0].isupper() else "z"
    instead(fake, ("Y" if fake[0] == start else start) + fake[1:])(run)
    (run / "work" / "run.json").unlink()
    reseal(run)
    assert failed(run) == {"findings"}


def test_a_finer_form_is_found(run: Path) -> None:
    instead("8.8.0.0/16", "8.8.4.0/24")(run)
    reseal(run)
    assert failed(run) >= {"findings", "source texts"}


def test_other_forgeries_are_found(run: Path) -> None:
    in_rows("findings", lambda row: row["entity"] == IP, {"operator": "surrogate"})(run)
    reseal(run)
    assert failed(run) >= {"findings", "counts"}


def test_a_forged_key_is_found(run: Path) -> None:
    in_cell("findings", "value_key", "0" * 32)(run)
    reseal(run)
    assert "source texts" in failed(run)


def test_lost_findings_are_found(run: Path) -> None:
    remove("findings")(run)
    reseal(run)
    assert "tables" in failed(run)
