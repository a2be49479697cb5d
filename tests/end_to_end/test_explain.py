"""`explain` on a real run: every kind of record, and inputs that changed since."""

from __future__ import annotations

import json
import random
import shutil
import unicodedata
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isinglass.cli.explain import as_json
from isinglass.pipelines.explain.build import explain
from isinglass.pipelines.explain.folder import RunFolder
from isinglass.pipelines.review.cases import cases
from isinglass.pipelines.review.choose import Choice
from isinglass.schemas.errors import InputError
from tests.corpora import sentence, write_corpus
from tests.forgeries import finish

if TYPE_CHECKING:
    from pathlib import Path

SECTIONS: dict[str, Any] = {
    "dedup": {"containment": 0.9},
    "pii": {"mode": "identifiers"},
    "balance": {"axes": {"gender": {}}},
    "limits": {"max_quarantine_rate": 1.0},
}
TALE = (
    "Long ago a miller lived beside the old bridge and every morning he carried his "
    "flour over the river to the market where the baker weighed it twice and paid him "
    "once. In winter the river froze and he went over the ice with a sledge instead."
)
WILD = "\x1b[31mred\x1b[0m \u202egnol\u202c \x07bell and \u27e6mark\u27e7 "
# Words with marks: vowel signs, vowel points, joiners, accents that stand apart.
MARKED = {
    "hindi": (
        "राम ने सुबह अपनी पुरानी किताब पढ़ी और फिर नदी के किनारे घूमने गया जहाँ उसे एक मित्र",
        "मिला",
        "मिली",
    ),
    "arabic": (
        "كَتَبَ الوَلَدُ الدَّرْسَ فِي البَيْتِ ثُمَّ ذَهَبَ مَعَ أَبِيهِ إِلَى السُّوقِ وَاشْتَرَى خُبْزًا وَلَبَنًا ثُمَّ",
        "نَامَتْ",
        "نَامَ",
    ),
    "nukta": (
        "\u0958लम और काग़ज़ मेज़ पर रखे थे पर रक्\u200dषा ने नहीं देखे क्योंकि उसका ध्यान कहीं और",
        "रहा",
        "था",
    ),
    "apart": (
        unicodedata.normalize(
            "NFD",
            "Le café de la gare était fermé ce soir et nous avons dû marcher "
            "jusqu'au vieux théâtre où il faisait",
        ),
        "tie\u0300de",
        "tied",
    ),
}
CHANCE = random.Random(11)  # noqa: S311 - test data
PART = " ".join(sentence(CHANCE) for _ in range(4))
REST = " ".join(sentence(CHANCE) for _ in range(5))
OWN: list[dict[str, Any]] = [
    {"id": "tale", "text": f"{TALE} So he was content with it. \n\n"},
    {"id": "shout", "text": f"{TALE.upper()}\nSO HE WAS\u00a0CONTENT with it."},
    {"id": "edited", "text": f"{TALE} So he was pleased with it."},
    {"id": "wild", "text": f"{TALE.replace('miller', 'ferryman')} {WILD * 2}"},
    {"id": "wilder", "text": f"{TALE.replace('miller', 'ferryman')} {WILD * 3}"},
    {"id": "whole", "text": f"{PART} {REST}"},
    {"id": "part", "text": f"{PART} More."},
    {"id": "null", "text": None},
    {"id": "blank", "text": " \n "},
    {"id": "mail", "text": "Write to zoe.quint@mailbox.io and to ann@mailbox.io now."},
    *(
        {"id": f"{name} {number}", "text": f"{text} {word}"}
        for name, (text, *words) in MARKED.items()
        for number, word in enumerate(words)
    ),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus and its run, in folders that a test may copy."""
    folder = tmp_path_factory.mktemp("explain")
    write_corpus(folder / "corpus", 60)
    lines = "".join(json.dumps(row) + "\n" for row in OWN)
    (folder / "corpus" / "own.jsonl").write_text(lines)
    finish(folder, "run", SECTIONS, "clean")
    return folder


@pytest.fixture
def run(folder: Path) -> Path:
    return folder / "run"


def id_of(run: Path, name: str) -> str:
    """doc_id of one of our own records."""
    number = [row["id"] for row in OWN].index(name)
    for path in sorted((run / "ledger").iterdir()):
        for row in pq.read_table(path).to_pylist():
            if (row["path"], row["row"]) == ("own.jsonl", number):
                return str(row["doc_id"])
    raise AssertionError(name)


def told_of(run: Path, doc_id: str) -> dict[str, Any]:
    return as_json(explain(run, doc_id))


def told(run: Path, name: str) -> dict[str, Any]:
    return told_of(run, id_of(run, name))


def marked(text: dict[str, Any]) -> str:
    cut = [(piece["text"], piece["shared"]) for piece in text["pieces"]]
    return "".join(words if shared else f"[{words}]" for words, shared in cut)


def compared(found: dict[str, Any]) -> tuple[str, str]:
    return marked(found["texts"]["removed"]), marked(found["texts"]["kept"])


def shown(text: dict[str, Any]) -> str:
    return "".join(piece["text"] for piece in text["pieces"])


def test_an_exact_duplicate_is_shared_as_a_whole(run: Path) -> None:
    found = told(run, "shout")
    record = found["record"]
    assert (record["outcome"], record["reason"]) == ("dropped", "exact_duplicate")
    assert record["sentence"] == "Its normalised text equals that of a kept document."
    assert found["evidence"]["kept_doc_id"] == id_of(run, "tale")
    assert compared(found) == (OWN[1]["text"], OWN[0]["text"])
    assert found["comparison"]["agrees_with_ledger"] is True
    assert found["notes"] == []


def test_a_near_duplicate_shows_where_the_texts_differ(run: Path) -> None:
    found = told(run, "edited")
    record = found["record"]
    assert (record["reason"], record["source"]) == ("near_duplicate", "web")
    assert (record["path"], record["row"]) == ("own.jsonl", 2)
    assert record["chars_in"] == len(str(OWN[2]["text"]))
    assert compared(found) == (
        f"{TALE} So he was [pleased with it.]",
        f"{TALE} So he was [content with it. \n\n]",
    )
    assert found["comparison"]["jaccard"] == found["evidence"]["similarity"]
    assert found["comparison"]["agrees_with_ledger"] is True


@pytest.mark.parametrize("name", sorted(MARKED))
def test_words_with_marks_are_whole_words(run: Path, name: str) -> None:
    text, kept, dropped = MARKED[name]
    found = told(run, f"{name} 1")
    assert found["record"]["reason"] == "near_duplicate"
    assert compared(found) == (f"{text} [{dropped}]", f"{text} [{kept}]")
    assert found["comparison"]["agrees_with_ledger"] is True


def test_a_contained_document_is_shared_and_the_longer_one_goes_on(run: Path) -> None:
    found = told(run, "part")
    assert found["record"]["reason"] == "contained"
    assert compared(found) == (f"{PART} [More.]", f"{PART} [{REST}]")
    assert found["evidence"]["similarity"] == 44 / 45
    assert found["comparison"]["containment"] == 44 / 45
    assert found["comparison"]["agrees_with_ledger"] is True


def test_every_duplicate_of_the_run_has_the_similarity_of_its_ledger(
    run: Path,
) -> None:
    seen = 0
    for path in sorted((run / "ledger").iterdir()):
        for row in pq.read_table(path).to_pylist():
            if row["kept_doc_id"]:
                found = told_of(run, row["doc_id"])
                assert found["comparison"]["agrees_with_ledger"] is True, row
                seen += 1
    assert seen >= 10


def test_a_kept_document_names_what_was_dropped_for_it(run: Path) -> None:
    found = told(run, "tale")
    assert (found["record"]["outcome"], found["record"]["sentence"]) == ("kept", "")
    assert found["texts"] is None
    removed = {
        one["doc_id"]: (one["reason"], one["similarity"])
        for one in found["removed_for_it"]["documents"]
    }
    assert removed[id_of(run, "shout")] == ("exact_duplicate", 1.0)
    assert removed[id_of(run, "edited")][0] == "near_duplicate"
    assert found["removed_for_it"]["count"] == len(removed) == 2
    assert found["record"]["balance_weight"] is not None


def test_findings_are_counted(run: Path) -> None:
    found = told(run, "mail")
    counts = [(f["entity"], f["count"]) for f in found["record"]["findings"]]
    assert counts == [("EMAIL_ADDRESS", 2)]
    spans = found["record"]["spans"]
    assert [span["entity"] for span in spans] == ["EMAIL_ADDRESS"] * 2
    assert spans[0]["end"] <= spans[1]["start"]
    assert all(span["base_score"] == span["score"] for span in spans)
    assert [span["in_context"]["became"] for span in spans] == ["<EMAIL_ADDRESS>"] * 2


def test_a_quarantined_record_has_its_reason_and_no_bytes(run: Path) -> None:
    found = told(run, "null")
    assert (found["record"]["outcome"], found["record"]["reason"]) == (
        "quarantined",
        "missing_text",
    )
    assert found["record"]["sentence"].startswith("The text column is null")
    assert found["record"]["detail"] is not None
    assert found["texts"] is None
    assert '"null"' not in repr(found)


def test_an_empty_document_needs_no_evidence(run: Path) -> None:
    found = told(run, "blank")
    assert found["record"]["reason"] == "empty"
    assert found["evidence"] is None
    assert found["texts"] is None


def test_a_prefix_is_enough(run: Path) -> None:
    doc_id = id_of(run, "tale")
    assert told_of(run, doc_id[:8].upper())["record"]["doc_id"] == doc_id


@pytest.mark.parametrize(
    ("doc_id", "said"),
    [
        ("0" * 32, "No record of run"),
        ("0" * 7, "its first 8 digits"),
        ("0" * 33, "No record of run"),
        ("secret words", "this id of the data"),
    ],
)
def test_an_unknown_id_is_refused(run: Path, doc_id: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        explain(run, doc_id)
    assert "secret" not in str(caught.value)


def copy(folder: Path, target: Path) -> Path:
    """The run alone: its inputs stay where they are."""
    return shutil.copytree(folder / "run", target / "run")


def change_ledger(run: Path, change: Any) -> None:
    for path in sorted((run / "ledger").iterdir()):
        table = change(pq.read_table(path))
        pq.write_table(table, path)


def test_an_ambiguous_prefix_is_refused(folder: Path, tmp_path: Path) -> None:
    run = copy(folder, tmp_path)

    def same_begin(table: pa.Table) -> pa.Table:
        ids = [f"abcdef01{doc_id[8:]}" for doc_id in table["doc_id"].to_pylist()]
        return table.set_column(0, table.schema.field("doc_id"), pa.array(ids))

    change_ledger(run, same_begin)
    with pytest.raises(InputError, match=f"{60 + len(OWN)} records match"):
        explain(run, "abcdef01")


def test_a_ledger_of_the_first_version_is_explained(
    folder: Path, tmp_path: Path
) -> None:
    run = copy(folder, tmp_path)
    later = ["kept_in", "compared_by", "evaluation_item"]
    change_ledger(run, lambda table: table.drop_columns(later))
    found = told(run, "edited")
    assert found["evidence"]["kept_in"] is None
    assert found["comparison"]["agrees_with_ledger"] is True
    assert told(run, "tale")["removed_for_it"]["count"] == 2


def test_a_flagged_document_names_the_evaluation_text(
    folder: Path, tmp_path: Path
) -> None:
    run = copy(folder, tmp_path)
    doc_id = id_of(run, "tale")

    def flag(table: pa.Table) -> pa.Table:
        rows = table.to_pylist()
        for row in rows:
            if row["doc_id"] == doc_id:
                row |= {"evaluation_item": "exam.jsonl:7", "similarity": 0.8}
        return pa.Table.from_pylist(rows, table.schema)

    change_ledger(run, flag)
    found = told_of(run, doc_id)
    assert found["record"]["outcome"] == "kept"
    assert found["evidence"]["evaluation_item"] == "exam.jsonl:7"
    assert found["removed_for_it"]["count"] == 2
    assert found["texts"] is None


def test_a_ledger_of_another_form_is_refused(folder: Path, tmp_path: Path) -> None:
    run = copy(folder, tmp_path)
    doc_id = id_of(run, "edited")
    change_ledger(run, lambda table: table.drop_columns(["reason"]))
    with pytest.raises(InputError, match="no column reason: another version"):
        explain(run, doc_id)


def test_a_damaged_ledger_is_refused(folder: Path, tmp_path: Path) -> None:
    run = copy(folder, tmp_path)
    next((run / "ledger").iterdir()).write_bytes(b"PAR1 no more")
    with pytest.raises(InputError, match="isinglass verify"):
        explain(run, "0" * 32)


@pytest.mark.parametrize("what", ["no folder", "no manifest", "a broken manifest"])
def test_what_is_no_run_is_refused(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "run"
    if what != "no folder":
        folder.mkdir()
    if what == "a broken manifest":
        (folder / "manifest.json").write_text("{")
    with pytest.raises(InputError, match="manifest"):
        explain(folder, "0" * 32)


def test_a_run_whose_gate_failed_is_explained(folder: Path, tmp_path: Path) -> None:
    run = copy(folder, tmp_path)
    (run / "_SUCCESS").unlink()
    assert told(run, "edited")["record"]["reason"] == "near_duplicate"


def moved(folder: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A copy of corpus and run that belong together."""
    shutil.copytree(folder / "corpus", tmp_path / "corpus")
    run = copy(folder, tmp_path)
    note = json.loads((run / "work" / "run.json").read_text())
    note["given"]["inputs"][0]["path"] = str(tmp_path / "corpus")
    note["given"]["output"] = str(run)
    (run / "work" / "run.json").write_text(json.dumps(note))
    return tmp_path / "corpus", run


def test_a_change_elsewhere_does_not_matter(folder: Path, tmp_path: Path) -> None:
    corpus, run = moved(folder, tmp_path)
    (corpus / "b.jsonl").unlink()
    (corpus / "new.jsonl").write_text('{"text": "new"}\n')
    found = told(run, "edited")
    assert found["notes"] == []
    assert compared(found)[0].endswith("So he was [pleased with it.]")


@pytest.mark.parametrize("how", ["changed", "gone", "no note"])
def test_without_the_input_the_clean_text_is_shown(
    folder: Path, tmp_path: Path, how: str
) -> None:
    corpus, run = moved(folder, tmp_path)
    path = corpus / "own.jsonl"
    said = "own.jsonl changed since the run"
    if how == "changed":
        path.write_text(path.read_text().replace("pleased", "happy"))
    elif how == "gone":
        path.unlink()
        said = "own.jsonl is no longer among the inputs"
    else:
        (run / "work" / "run.json").unlink()
        said = "work/run.json is missing"
    found = told(run, "edited")
    assert found["record"]["reason"] == "near_duplicate"
    assert found["evidence"]["similarity"] is not None
    assert said in " ".join(found["notes"])
    assert found["texts"]["removed"] is None
    assert found["comparison"] is None
    assert found["texts"]["kept"]["origin"] == "clean"
    assert shown(found["texts"]["kept"]) == OWN[0]["text"]


def test_a_similarity_that_differs_is_told(folder: Path, tmp_path: Path) -> None:
    run = copy(folder, tmp_path)
    doc_id = id_of(run, "edited")

    def other(table: pa.Table) -> pa.Table:
        rows = table.to_pylist()
        for row in rows:
            if row["doc_id"] == doc_id:
                row["similarity"] = 0.99
        return pa.Table.from_pylist(rows, table.schema)

    change_ledger(run, other)
    found = told_of(run, doc_id)
    assert found["comparison"]["agrees_with_ledger"] is False


def test_a_document_of_an_earlier_run_is_read_there(
    folder: Path, tmp_path: Path
) -> None:
    """As a ledger that names another run has it, whoever wrote it."""
    corpus, run = moved(folder, tmp_path)
    earlier = folder / "run"
    manifest = json.loads((run / "manifest.json").read_text())
    manifest["config"]["dedup"]["against"] = [str(tmp_path / "none"), str(earlier)]
    run_id = manifest["run_id"]
    manifest["run_id"] = "later"
    (run / "manifest.json").write_text(json.dumps(manifest))
    # Only the earlier run still has the kept document as it was.
    path = corpus / "own.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    doc_id = id_of(run, "edited")

    def name_the_earlier(table: pa.Table) -> pa.Table:
        rows = table.to_pylist()
        for row in rows:
            if row["doc_id"] == doc_id:
                row["kept_in"] = run_id
        return pa.Table.from_pylist(rows, table.schema)

    change_ledger(run, name_the_earlier)
    found = told_of(run, doc_id)
    assert found["evidence"]["kept_in"] == run_id
    assert found["evidence"]["kept_folder"] == str(earlier)
    assert found["notes"] == []
    assert compared(found)[1].endswith("So he was [content with it. \n\n]")
    # What the later run dropped for an earlier document is not this run's doing.
    assert told_of(run, id_of(run, "tale"))["removed_for_it"]["count"] == 1
    # Once the inputs of the later run are gone, the earlier text is still there.
    path.write_text("".join(lines[1:]))
    found = told_of(run, doc_id)
    assert found["texts"]["removed"] is None
    assert found["texts"]["kept"]["origin"] == "source"
    assert shown(found["texts"]["kept"]) == OWN[0]["text"]
    # And an earlier run that nobody can find is named.
    manifest["config"]["dedup"]["against"] = []
    (run / "manifest.json").write_text(json.dumps(manifest))
    found = told_of(run, doc_id)
    assert any(run_id in note and "dedup.against" in note for note in found["notes"])
    assert found["texts"]["kept"] is None


def test_a_run_against_an_earlier_one_shows_the_old_text(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "corpus").mkdir()
    text = f"{TALE} So he was amused by it."
    (tmp_path / "corpus" / "own.jsonl").write_text(json.dumps({"text": text}) + "\n")
    against = {"dedup": {"containment": 0.9, "against": [str(folder / "run")]}}
    run = finish(tmp_path, "later", against, "clean")
    doc_id = pq.read_table(run / "ledger")["doc_id"][0].as_py()
    found = told_of(run, doc_id)
    earlier = json.loads((folder / "run" / "manifest.json").read_text())["run_id"]
    assert found["evidence"]["kept_in"] == earlier
    assert found["evidence"]["kept_doc_id"] == id_of(folder / "run", "tale")
    assert compared(found) == (
        f"{TALE} So he was [amused by it.]",
        f"{TALE} So he was [content with it. \n\n]",
    )
    assert found["comparison"]["agrees_with_ledger"] is True
    # To judge it, too, until nobody can say where the earlier run is.
    (shown_case,) = cases(RunFolder.open(run), Choice("removal", by="near"), 0)
    assert (shown_case.beside, shown_case.note) == (OWN[0]["text"], "")
    assert shown_case.evidence["kept_in"] == earlier
    manifest = json.loads((run / "manifest.json").read_text())
    manifest["config"]["dedup"]["against"] = [str(tmp_path / "gone")]
    (run / "manifest.json").write_text(json.dumps(manifest))
    (shown_case,) = cases(RunFolder.open(run), Choice("removal", by="near"), 0)
    assert (shown_case.text, shown_case.beside) == (text, None)
    assert f"in the earlier run {earlier}, which is in no folder" in shown_case.note
