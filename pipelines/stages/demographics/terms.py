"""Ambiguous terms: where they stand in kept documents, and how often that is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.mapped_tables import (
    WORDS,
    id_words,
    read_mapped,
    survey_path,
)
from isinglass.pipelines.engine.workspace import Workspace, exists
from isinglass.pipelines.review.marks import Ranked, latest_draws, read_marks_file
from isinglass.schemas.demographics import TermSummary, Uncounted
from isinglass.schemas.errors import ConfigError, InputError
from isinglass.schemas.reasons import Outcome
from isinglass.transforms.demographics.places import JUDGED, read_places
from isinglass.transforms.demographics.senses import RULES
from isinglass.transforms.read.identity import format_doc_ids
from isinglass.transforms.statistics.intervals import wilson

if TYPE_CHECKING:
    from isinglass.pipelines.explain.folder import RunFolder
    from isinglass.pipelines.stages.demographics.judged import Judged
    from isinglass.schemas.marks import Kind
    from isinglass.transforms.demographics.lexicon import Lexicons

LEAST_MARKS, LEAST_PRECISION = 20, 0.8
"""Marks of a term, and the lower end of the Wilson interval, by which it is sure."""

_KINDS = ("mention", "rejected")
_PARTS = ("language", "axis", "group", "term")


@dataclass(frozen=True)
class TermMarks:
    """What marks say of accepted mentions.

    Attributes:
        sha256: Of the file of marks; empty if none is given.
        said: By label of the term: how many are right, and how many wrong.
        not_counted: By label: how many are no part of a random sample, and why.
        places: What each of these says, by label, document and start.
    """

    sha256: str = ""
    said: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    not_counted: Mapping[str, dict[Uncounted, int]] = field(default_factory=dict)
    places: Mapping[tuple[str, str, int], str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> TermMarks:
        """Read a file of marks; those of the latest draw of each term count.

        Of these, those up to the first place of the draw that has none.

        Raises:
            ConfigError: It cannot be read, or a line is no mark; names the line.
        """
        try:
            file = read_marks_file(path)
        except InputError as error:
            raise ConfigError(f"demographics.marks: {error}") from None
        every = Counter(m.label for m in file.marks.values() if m.kind == "mention")
        draws = latest_draws(file.marks.values(), "mention")
        said: dict[str, tuple[int, int]] = {}
        not_counted: dict[str, dict[Uncounted, int]] = {}
        places: dict[tuple[str, str, int], str] = {}
        for label, given in every.items():
            seed, marks = draws.get(label, (0, []))
            counted, behind, unknown = Ranked.of(seed, marks)
            if counted:
                own = Counter(mark.mark for mark in counted)
                said[label] = own["right"], own["wrong"]
            places |= {(label, mark.doc_id, mark.start): mark.mark for mark in counted}
            left: dict[Uncounted, int] = {
                "behind": len(behind),
                "unknown": len(unknown),
                "earlier": given - len(marks),
            }
            not_counted[label] = {why: n for why, n in left.items() if n}
        return cls(file.sha256, said, not_counted, places)

    def sure(self, lexicons: Lexicons) -> frozenset[str]:
        """The ambiguous terms whose mentions are surely right often enough."""
        return frozenset(label for label in lexicons.ambiguous if self._is_sure(label))

    def _is_sure(self, label: str) -> bool:
        right, wrong = self.said.get(label, (0, 0))
        low, _ = wilson(right, right + wrong)
        return right + wrong >= LEAST_MARKS and low >= LEAST_PRECISION


def cases(run: RunFolder, kind: Kind) -> Iterator[pa.Table]:
    """Places of ambiguous terms in kept texts, by whether they count as mentions.

    Raises:
        InputError: The survey that holds them is gone, or of another version.
    """
    counted = (run.manifest["config"].get("survey") or {}).get("count_mentions")
    if kind not in _KINDS or not counted:
        return
    for path, ledger in run.each_ledger(["doc_id", "outcome"]):
        places = in_kept(Workspace(str(run.folder)), path.stem, ledger)
        rejected = pc.equal(places["rule"], RULES[0])
        chosen = rejected if kind == "rejected" else pc.invert(rejected)
        some = places.filter(chosen)
        parts = pc.split_pattern(some["label"], "/", max_splits=len(_PARTS) - 1)
        for index, name in enumerate(_PARTS):
            some = some.append_column(name, pc.list_element(parts, index))
        yield some


def in_kept(workspace: Workspace, shard_id: str, ledger: pa.Table) -> pa.Table:
    """`doc_id`, `label`, `start`, `end` and `rule` of places in one shard."""
    path = survey_path(workspace, shard_id)
    survey = read_mapped(path) if exists(path) else pa.table({})
    if JUDGED not in survey.column_names:
        raise InputError(
            f"{path} does not tell where terms stand: it was removed, or another "
            "version wrote it. Run again to see mentions."
        )
    survey = survey.select([*WORDS, JUDGED])
    places = read_places(survey)
    ids = format_doc_ids(id_words(survey)[places["row"].to_numpy()])
    kept = ledger.filter(pc.equal(ledger["outcome"], Outcome.KEPT.value))["doc_id"]
    inside = pc.is_in(ids, value_set=kept.combine_chunks())
    return places.append_column("doc_id", ids).drop(["row"]).filter(inside)


def term_summaries(
    judged: Judged, lexicons: Lexicons, marks: TermMarks
) -> list[TermSummary]:
    """How often each ambiguous term stands in kept documents, and if it is sure."""
    matches, accepted = Counter[str](), Counter[str]()
    for (label, rule), number in judged.terms.items():
        matches[label] += number
        accepted[label] += number * (rule != RULES[0])
    known = dict(zip(lexicons.labels, lexicons.terms, strict=True))
    made = []
    for label in sorted(matches):
        lexicon, (axis, group), term = known[label]
        right, wrong = marks.said.get(label, (0, 0))
        low, high = wilson(right, right + wrong)
        made.append(
            TermSummary(
                language=lexicon.language,
                axis=axis,
                group=group,
                term=term.term,
                status=term.status,
                matches=matches[label],
                accepted=accepted[label],
                rules={
                    rule: judged.terms[label, rule]
                    for rule in RULES
                    if judged.terms[label, rule]
                },
                right=right,
                wrong=wrong,
                not_counted=marks.not_counted.get(label, {}),
                low=low,
                high=high,
                sure=label in lexicons.measured and term.status == "reviewed",
            )
        )
    return made


def marks_warnings(terms: Sequence[TermSummary]) -> list[str]:
    """Marks of the latest sample that do not count, if there are any."""
    left = Counter[str]()
    for term in terms:
        left.update(term.not_counted)
    behind, unknown = left["behind"], left["unknown"]
    if not behind + unknown:
        return []
    said = (
        f"{behind + unknown} marks of demographics.marks are not counted: {behind} lie "
        f"behind a place of their sample that has no mark, and of {unknown} it is not "
        "known where in it they are. Mark the sample from its first place on by "
        "`isinglass review --mentions`, which notes that."
    )
    return [said]
