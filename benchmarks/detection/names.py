"""Part `names`: the names of people that are found, missed and invented.

Beside our model stands `en_core_web_sm`, run by the same code, and stock Presidio with
it. Recall by origin is that of names which no training text held, planted in sentences.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds
import yaml

from benchmarks.detection.peers import MODEL, build_stock
from benchmarks.measuring.processes import ROOT, Target, table
from isinglass.schemas.config.pii import EntityConfig, PiiConfig
from isinglass.transforms.pii.budget import Budget
from isinglass.transforms.pii.detector import Detector, build_detector
from isinglass.transforms.pii.evaluation import Labels, Score, Span, match_spans
from isinglass.transforms.pii.found import FoundColumns
from isinglass.transforms.pii.name_form import RULES, candidates

if TYPE_CHECKING:
    from collections.abc import Callable

PERSON = "PERSON"
ASKED = {"wikigold": 0.79, "presidio_synth_v2": 0.83, "wnut17_test": 0.63}
MOST_HITS = {"clean_pydoc": 0.65, "technical": 0.3, "law": 0.5}
LEAST_GROUP = 0.8
SOURCES = {
    "technical": (
        "MicrosoftDocs/windows-driver-docs-ddi",
        "MicrosoftDocs/win32",
        "tldr-pages/tldr",
        "MicrosoftDocs/PowerShell-Docs",
        "rust-lang/rfcs",
    ),
    # Their heads name authors, and rows of sample data name riders and drivers.
    "peps and cockroach": ("python/peps", "cockroachdb/docs"),
    "law": ("DCCouncil/law-xml",),
}
BATCH = 256
NAMES = ROOT / "transforms" / "resources" / "names" / "by_country.yaml"
NAMES_A_COUNTRY = 20


@dataclass(frozen=True)
class Labelled:
    """Texts and their labelled spans."""

    texts: list[str] = field(repr=False)
    gold: list[Span] = field(repr=False)


def run(corpus: Path, labelled: Path, *, small: bool) -> list[Target]:
    """Print the tables; returns the targets."""
    ours, alone, other = (
        _detector(),
        _detector(confirm_names=False),
        _detector(languages={"en": MODEL}),
    )
    finders: dict[str, Callable[[list[str]], list[Span]]] = {
        "isinglass": lambda texts: _people(ours, texts),
        "without the head": lambda texts: _people(alone, texts),
        f"fast, {MODEL}": lambda texts: _people(other, texts),
        "stock Presidio": _stock_people,
    }
    sets = {name: _read(labelled / f"{name}.jsonl") for name in ASKED}
    plain = _plain_texts(corpus, labelled, 40 if small else 400)
    targets = _sets(finders, sets) + _rates(finders, plain)
    _rules(alone, sets, plain)
    return targets + _origins(finders)


def _detector(**chosen: Any) -> Detector:
    return build_detector(PiiConfig(entities={PERSON: EntityConfig()}, **chosen))


def _people(detector: Detector, texts: list[str]) -> list[Span]:
    found = []
    for begin in range(0, len(texts), BATCH):
        part = pa.array(texts[begin : begin + BATCH], pa.string())
        findings = detector.detect(part, pa.array(["en"] * len(part))).findings
        columns = (findings.column(x).to_pylist() for x in ("row", "start", "end"))
        found += [
            Span(begin + row, start, end, PERSON)
            for row, start, end in zip(*columns, strict=True)
        ]
    return found


@cache
def _stock() -> Any:
    return build_stock()


def _stock_people(texts: list[str]) -> list[Span]:
    return [
        Span(row, found.start, found.end, PERSON)
        for row, text in enumerate(texts)
        for found in _stock().analyze(text, language="en", entities=[PERSON])
    ]


def _read(path: Path) -> Labelled:
    labels = Labels.of([PERSON, "LOCATION"])
    lines = path.read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    gold = [
        Span(row, span["start"], span["end"], labels.entity(span["label"]) or "")
        for row, record in enumerate(records)
        for span in record["spans"]
    ]
    return Labelled([record["text"] for record in records], gold)


def _plain_texts(corpus: Path, labelled: Path, documents: int) -> dict[str, list[str]]:
    found = {"clean_pydoc": _read(labelled / "clean_pydoc.jsonl").texts}
    columns = ds.dataset(corpus, format="parquet").to_table(columns=["text", "source"])
    rows = list(
        zip(columns["text"].to_pylist(), columns["source"].to_pylist(), strict=True)
    )
    for name, sources in SOURCES.items():
        texts = [text for text, source in rows if source in sources]
        found[name] = random.Random(7).sample(texts, documents)  # noqa: S311
    return found


def _score(gold: list[Span], found: list[Span]) -> Score:
    return match_spans(gold, found, [PERSON])[PERSON].score


def _sets(finders: dict[str, Any], sets: dict[str, Labelled]) -> list[Target]:
    rows, targets = [], []
    for name, data in sets.items():
        for finder, find in finders.items():
            score = _score(data.gold, find(data.texts))
            numbers = (score.precision, score.recall, score.f(1))
            rows.append([name, finder, *(f"{n or 0:.3f}" for n in numbers)])
            if finder == "isinglass":
                got, asked = score.f(1) or 0.0, ASKED[name]
                what = f"{name}: F1 of PERSON"
                targets.append(
                    Target(what, f">= {asked:g}", f"{got:.3f}", got >= asked)
                )
    print("\n### Labelled sets\n")
    print(table(("set", "finder", "P", "R", "F1"), rows))
    return targets


def _rates(finders: dict[str, Any], plain: dict[str, list[str]]) -> list[Target]:
    rows, targets = [], []
    for name, texts in plain.items():
        words = sum(len(text.split()) for text in texts)
        rates = [len(find(texts)) / words * 1000 for find in finders.values()]
        rows.append([name, f"{words:,}", *(f"{rate:.2f}" for rate in rates)])
        most = MOST_HITS.get(name)
        if most is None:
            continue
        what = f"{name}: PERSON found in 1,000 words"
        targets.append(
            Target(what, f"<= {most:g}", f"{rates[0]:.2f}", rates[0] <= most)
        )
    print("\n### Findings in 1,000 words of text that holds few names\n")
    print(table(("text", "words", *finders), rows))
    return targets


def _rules(
    detector: Detector, sets: dict[str, Labelled], plain: dict[str, list[str]]
) -> None:
    """What each form rule takes away, and what leaving it out would bring back."""
    raw = {name: _proposed(detector, data.texts) for name, data in sets.items()}
    proposed = {name: _proposed(detector, texts) for name, texts in plain.items()}
    rows = []
    for rule in (None, *(name for name, _ in RULES)):
        cells = [rule or "(all rules)"]
        for name, data in sets.items():
            score = _score(data.gold, _kept(data.texts, raw[name], rule))
            cells.append(f"{score.precision or 0:.3f} {score.recall or 0:.3f}")
        for name, texts in plain.items():
            words = sum(len(text.split()) for text in texts)
            kept = _kept(texts, proposed[name], rule)
            cells.append(f"{len(kept) / words * 1000:.2f}")
        rows.append(cells)
    print(
        "\n### Without one form rule: precision and recall, findings in 1,000 words\n"
    )
    print(table(("left out", *sets, *plain), rows))


def _proposed(detector: Detector, texts: list[str]) -> list[Span]:
    """What the model itself says, before any rule."""
    found = FoundColumns()
    (finder,) = detector.names.values()
    column = pa.array(texts, pa.string())
    rows = pa.array(range(len(texts)), pa.int64()).to_numpy()
    finder.engine.scan(column, rows, Budget(3600.0, None), found)
    batch = found.batch()
    columns = (batch.column(x).to_pylist() for x in ("row", "start", "end"))
    return [Span(*span, PERSON) for span in zip(*columns, strict=True)]


def _kept(texts: list[str], spans: list[Span], left_out: str | None) -> list[Span]:
    return [
        Span(row, low, high, PERSON)
        for row, start, end, _ in spans
        for low, high in candidates(texts[row], start, end)
        if not any(
            broken(texts[row], low, high) for name, broken in RULES if name != left_out
        )
    ]


def _origins(finders: dict[str, Any]) -> list[Target]:
    """Recall of planted names by origin."""
    content = yaml.safe_load(NAMES.read_text(encoding="utf-8"))
    texts, gold, groups = _planted(content)
    rates: dict[str, dict[str, float]] = defaultdict(dict)
    for finder, find in finders.items():
        match = match_spans(gold, find(texts), [PERSON])[PERSON]
        missed = set(match.misses)
        total: dict[str, int] = defaultdict(int)
        hit: dict[str, int] = defaultdict(int)
        for number, group in enumerate(groups):
            total[group] += 1
            hit[group] += number not in missed
        for group, count in total.items():
            rates[group][finder] = hit[group] / count
    best = max(row["isinglass"] for row in rates.values())
    rows = [
        [group, *(f"{x:.3f}" for x in row.values()), f"{row['isinglass'] / best:.2f}"]
        for group, row in sorted(rates.items())
    ]
    print("\n### Recall of planted names by origin (100 countries)\n")
    print(table(("origin", *finders, "isinglass, share of the best"), rows))
    least = min(row["isinglass"] for row in rates.values()) / best
    what = "least recall of an origin, share of the best"
    return [Target(what, f">= {LEAST_GROUP:g}", f"{least:.2f}", least >= LEAST_GROUP)]


def _planted(content: Any) -> tuple[list[str], list[Span], list[str]]:
    draw = random.Random(11)  # noqa: S311
    texts: list[str] = []
    gold: list[Span] = []
    groups: list[str] = []
    for country in content["countries"].values():
        for number in range(NAMES_A_COUNTRY):
            parts = [draw.choice(country["given"]), draw.choice(country["family"])]
            if country.get("order") == "family_first":
                parts.reverse()
            name = " ".join(parts)
            sentence = content["sentences"][number % len(content["sentences"])]
            start = sentence.index("{name}")
            gold.append(Span(len(texts), start, start + len(name), PERSON))
            texts.append(sentence.replace("{name}", name))
            groups.append(country["group"])
    return texts, gold, groups
