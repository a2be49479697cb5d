"""Precision and recall by the marks of a person; estimates without a bias.

Only marks on a random sample are measured by: those of the latest draw of a label (the
greatest seed), from its first place in this run on, up to the first one without a mark.
What was marked behind it may have been picked by what stands there, or the place came
about since; it is told, and not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.review.marks import holds, latest_draws
from isinglass.pipelines.review.units import DRAW, PLACE, drawn, units
from isinglass.schemas.marks import Key, Kind, Mark
from isinglass.schemas.review import ReviewedKind, ReviewRecall, ReviewSummary
from isinglass.transforms.draws import place_draws, salt
from isinglass.transforms.statistics.intervals import wilson

if TYPE_CHECKING:
    from isinglass.pipelines.explain.folder import RunFolder
    from isinglass.pipelines.review.marks import MarksFile


def measure(run: RunFolder, file: MarksFile) -> ReviewSummary:
    """What the marks say of a run; those on files that it did not read are left out."""
    files = {(i["source"], i["path"]): i["sha256"] for i in run.manifest["inputs"]}
    marks = {key: m for key, m in file.marks.items() if holds(m, files)}
    samples = {kind: _sample(run, kind, marks) for kind in _kinds(marks)}
    judged = [
        _judged(kind, label, tally)
        for kind, tallies in samples.items()
        for label, tally in sorted(tallies.items())
    ]
    passages = samples.get("kept", {}).get("")
    return ReviewSummary(
        marks=file.path,
        sha256=file.sha256,
        given=len(file.marks),
        not_of_inputs=len(file.marks) - len(marks),
        judged=judged,
        recall=[] if passages is None else _recall(run, passages.marks, marks),
    )


def _kinds(marks: Mapping[Key, Mark]) -> list[Kind]:
    return sorted({mark.kind for mark in marks.values() if mark.drawn})


@dataclass
class _Tally:
    """The sample of one label, with draws in place of ranks.

    Attributes:
        population: All places.
        sampled: Those up to the last mark.
        gap: Draw of the first one without a mark.
        drawn: Marks with their draws.
    """

    population: int = 0
    sampled: int = 0
    gap: int = 1 << 64
    drawn: list[tuple[int, Mark]] = field(default_factory=list)

    @property
    def marks(self) -> list[Mark]:
        """Those that make a simple random sample."""
        return [mark for draw, mark in self.drawn if draw < self.gap]


def _sample(run: RunFolder, kind: Kind, marks: Mapping[Key, Mark]) -> dict[str, _Tally]:
    """The sample of each label of a kind, as this run has it."""
    draws = latest_draws(marks.values(), kind)
    seeds = {label: seed for label, (seed, _) in draws.items()}
    last = {
        label: max(_draw(mark, seed) for mark in own)
        for label, (seed, own) in draws.items()
    }
    names = pa.array(list(last), pa.string())
    ends = pa.array([last[name] for name in last], pa.uint64())
    tallies = {label: _Tally() for label in last}
    for table in units(run, kind):
        places = table.select(list(PLACE))
        places = places.filter(pc.is_in(places["label"], value_set=names))
        for entry in places["label"].value_counts().to_pylist():
            tallies[entry["values"]].population += entry["counts"]
        places = drawn(places, kind, lambda label: seeds[label])
        reach = ends.take(pc.index_in(places["label"].combine_chunks(), names))
        for row in places.filter(pc.less_equal(places[DRAW], reach)).to_pylist():
            tally = tallies[row["label"]]
            tally.sampled += 1
            key = Key(
                kind, *(row[name] for name in ("label", "doc_id", "start", "end"))
            )
            own = marks.get(key)
            if own is not None and seeds[own.label] in own.drawn:
                tally.drawn.append((row[DRAW], own))
            else:
                tally.gap = min(tally.gap, row[DRAW])
    return tallies


def _draw(mark: Mark, seed: int) -> int:
    """The number by which the place of a mark is drawn."""
    salts = np.array([salt(mark.kind, mark.label, seed)], np.uint64)
    ids = pa.array([mark.doc_id], pa.string())
    return int(place_draws(ids, np.array([mark.start], np.int64), salts)[0])


def _judged(kind: Kind, label: str, tally: _Tally) -> ReviewedKind:
    marks = tally.marks
    said = Counter(mark.mark for mark in marks)
    right, known = said["right"], said["right"] + said["wrong"] + said["missed"]
    low, high = wilson(right, known)
    return ReviewedKind(
        kind=kind,
        label=label,
        population=tally.population,
        sampled=tally.sampled,
        unmarked=tally.sampled - len(tally.drawn),
        behind=len(tally.drawn) - len(marks),
        unsure=said["unsure"],
        right=right,
        wrong=known - right,
        share=right / known if known else None,
        low=low,
        high=high,
    )


def _recall(
    run: RunFolder, passages: Iterable[Mark], marks: Mapping[Key, Mark]
) -> list[ReviewRecall]:
    """Recall of each label in the passages of the sample that were read.

    What was found in them counts as right unless its own mark says that it is wrong.
    """
    read = [mark for mark in passages if mark.mark != "unsure"]
    found, missed = Counter[tuple[str, int]](), Counter[tuple[str, int]]()
    by_document: dict[str, list[int]] = {}
    for index, mark in enumerate(read):
        by_document.setdefault(mark.doc_id, []).append(index)
        missed.update((span.label, index) for span in mark.missed)
    for key in findings_in(run, list(by_document)):
        wrong = key in marks and marks[key].mark == "wrong"
        for index in by_document[key.doc_id]:
            inside = read[index].start <= key.start < read[index].end
            found[key.label, index] += inside and not wrong
    labels = sorted({label for label, _ in [*(+found), *missed]})
    each = range(len(read))
    return [
        _recall_of(label, [(found[label, i], missed[label, i]) for i in each])
        for label in labels
    ]


def findings_in(run: RunFolder, documents: list[str]) -> list[Key]:
    """Places that were found in some documents."""
    wanted = pa.array(documents, pa.string())
    found = []
    for table in units(run, "finding"):
        some = table.filter(pc.is_in(table["doc_id"], value_set=wanted))
        columns = (some[name].to_pylist() for name in Key._fields[1:])
        found += [Key("finding", *row) for row in zip(*columns, strict=True)]
    return found


def _recall_of(label: str, counts: list[tuple[int, int]]) -> ReviewRecall:
    """Recall from (found, missed) of each passage.

    Mentions of one passage are as if found or missed together (Kish 1965, section
    8.2, with a correlation of 1): the interval is never too narrow for that.
    """
    found, missed = (sum(column) for column in zip(*counts, strict=True))
    sizes = [a + b for a, b in counts]
    trials = sum(sizes) ** 2 / sum(size * size for size in sizes)
    share = found / (found + missed)
    low, high = wilson(share * trials, trials)
    return ReviewRecall(
        label=label,
        passages=sum(size > 0 for size in sizes),
        found=found,
        missed=missed,
        recall=share,
        low=low,
        high=high,
    )
