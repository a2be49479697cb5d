from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from isinglass.cli.app import app
from isinglass.pipelines.stages.pii.evaluate import read_labelled
from isinglass.schemas.errors import ConfigError, InputError

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

CARD = "4111 1111 1111 1111"  # the test number of Visa
RECORDS = [
    ("Paid with " + CARD + " today", [(10, 29, "BANK_CARD")]),
    ("Call Ann about TK-12345", [(5, 8, "PER"), (15, 23, "ticket")]),
    ("No card: nobody at nowhere", [(9, 15, "BANK_CARD"), (19, 26, "HOBBY")]),
    ("In 2 days, TK-00001", [(3, 4, "QUANTITY")]),
]
CONFIG = """
inputs: [{path: none, source: web}]
output: run
pii:
  mode: identifiers
  entities: {CREDIT_CARD: {}, PERSON: {}}
  recognizers:
    patterns: [{entity: TICKET, name: ticket, regex: 'TK-[0-9]{5}'}]
"""


def write(folder: Path, records: list[tuple[str, Any]]) -> Path:
    lines = (
        {
            "text": text,
            "spans": [
                dict(zip(("start", "end", "label"), s, strict=True)) for s in spans
            ],
        }
        for text, spans in records
    )
    path = folder / "gold.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    (folder / "job.yaml").write_text(CONFIG, "utf-8")
    return path


def run(folder: Path, *arguments: str) -> Result:
    data = ["--data", str(folder / "gold.jsonl"), "--config", str(folder / "job.yaml")]
    return CliRunner().invoke(app, ["evaluate", "pii", *data, *arguments])


def test_scores_as_json(tmp_path: Path) -> None:
    write(tmp_path, RECORDS)
    result = run(tmp_path, "--format", "json", "--examples", "1")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert list(told["entities"]) == ["CREDIT_CARD", "TICKET"]
    card = told["entities"]["CREDIT_CARD"]
    assert card["overlap"] == card["strict"]
    assert {k: card["strict"][k] for k in ("gold", "found", "predicted", "right")} == {
        "gold": 2,
        "found": 1,
        "predicted": 1,
        "right": 1,
    }
    assert card["misses"] == [{"line": 3, "start": 9, "end": 15}]
    ticket = told["entities"]["TICKET"]
    assert ticket["overlap"]["precision"] == 0.5
    assert ticket["overlap"]["false_hits_per_1000_words"] == pytest.approx(1000 / 20)
    assert ticket["false_hits"] == [{"line": 4, "start": 11, "end": 19}]
    assert told["total"]["overlap"]["recall"] == pytest.approx(2 / 3)
    assert told["not_looked_for"] == {"PERSON": 1}
    assert told["unknown_labels"] == {"HOBBY": 1}
    assert told["ignored_labels"] == {"QUANTITY": 1}
    assert (told["records"], told["words"], told["records_failed"]) == (4, 20, 0)


def test_a_table_shows_no_text_unless_asked(tmp_path: Path) -> None:
    write(tmp_path, RECORDS)
    plain = run(tmp_path, "--examples", "3")
    assert plain.exit_code == 0, plain.output
    assert "CREDIT_CARD misses: line 3, 9-15\n" in plain.stdout
    assert "nobody" not in plain.stdout
    assert "not looked for: PERSON 1" in plain.stdout
    shown = run(tmp_path, "--examples", "3", "--show-text")
    assert "CREDIT_CARD misses: line 3, 9-15: 'nobody'\n" in shown.stdout


def test_labels_are_mapped_and_ignored(tmp_path: Path) -> None:
    write(tmp_path, RECORDS)
    more = ("--map", "HOBBY=TICKET", "--ignore", "BANK_CARD", "--format", "json")
    told = json.loads(run(tmp_path, *more).stdout)
    assert told["entities"]["TICKET"]["overlap"]["gold"] == 2
    assert told["entities"]["CREDIT_CARD"]["overlap"]["gold"] == 0
    assert told["ignored_labels"] == {"BANK_CARD": 2, "QUANTITY": 1}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--mode", "quick"], "--mode quick: choose fast"),
        (["--map", "PER"], "--map PER: write LABEL=ENTITY"),
    ],
)
def test_bad_options(arguments: list[str], message: str, tmp_path: Path) -> None:
    write(tmp_path, RECORDS)
    result = run(tmp_path, *arguments)
    assert isinstance(result.exception, ConfigError)
    assert message in str(result.exception)


def test_a_compressed_file_and_languages(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl.gz"
    lines = (
        '{"text": "a", "spans": [], "lang": "fr"}',
        "",
        '{"text": "b", "spans": [], "language": "es"}',
        '{"text": "c", "spans": []}',
    )
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    data = read_labelled(path, "de")
    assert (data.texts, data.languages) == (["a", "b", "c"], ["fr", "es", "de"])
    assert data.lines == [1, 3, 4]


GOOD = '{"text": "secret", "spans": [{"start": 0, "end": 6, "label": "A"}]}'


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"text": "secret", "spans": [}', r"line 2: not JSON \(column 30\)"),
        ('["secret"]', "line 2: `text` must be a string"),
        ('{"text": "secret"}', "line 2: `spans` must be a list"),
        ('{"text": "secret\\ud800", "spans": []}', "line 2: `text` holds a lone"),
        ('{"text": "secret", "spans": [], "lang": 3}', "line 2: `lang` must be"),
        (GOOD.replace("6", "7"), r"line 2: spans\.0: .*<= 6"),
        (GOOD.replace("0", "6"), r"line 2: spans\.0"),
        (GOOD.replace("0", "-1"), r"line 2: spans\.0"),
        (GOOD.replace("0", "true"), r"line 2: spans\.0"),
        (GOOD.replace('"A"', "1"), r"line 2: spans\.0"),
        (GOOD.replace('"A"', '" "'), r"line 2: spans\.0"),
    ],
)
def test_a_bad_line_is_named_without_its_text(
    line: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text(f"{GOOD}\n{line}\n", "utf-8")
    with pytest.raises(InputError, match=message) as caught:
        read_labelled(path, "en")
    assert "secret" not in str(caught.value)


def test_a_file_without_use(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    with pytest.raises(InputError, match="cannot be read"):
        read_labelled(path, "en")
    path.write_bytes(b"\n")
    with pytest.raises(InputError, match="holds no record"):
        read_labelled(path, "en")
    path.write_bytes(b'{"text": "\xff"}\n' + b"3\n" * 9)
    with pytest.raises(InputError, match=r"line 1: not UTF-8; .*; and 5 more"):
        read_labelled(path, "en")
