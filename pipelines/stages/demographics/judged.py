"""How matches of terms were judged in kept documents: by term, by rule, by veto."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.mapped_tables import (
    WORDS,
    id_words,
    read_mapped,
    survey_path,
)
from isinglass.pipelines.engine.workspace import Workspace, read_table
from isinglass.pipelines.stages.demographics.terms import in_kept
from isinglass.schemas.demographics import RuleSummary, VetoSummary
from isinglass.schemas.reasons import Outcome
from isinglass.transforms.demographics.places import VETOES, read_vetoes
from isinglass.transforms.demographics.senses import RULES
from isinglass.transforms.demographics.words import split_words
from isinglass.transforms.read.identity import format_doc_ids

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isinglass.pipelines.stages.demographics.terms import TermMarks
    from isinglass.transforms.demographics.lexicon import DemographicLexicon, Lexicons


@dataclass(frozen=True)
class Judged:
    """Numbers of places in kept documents.

    Attributes:
        terms: By label of the ambiguous term and by rule.
        marked: Of those that somebody marked, by rule and mark.
        vetoes: By place in `Lexicons.vetoes`.
    """

    terms: Counter[tuple[str, str]]
    marked: Counter[tuple[str, str]]
    vetoes: Counter[int]

    @classmethod
    def of(
        cls, workspace: Workspace, shard_ids: Sequence[str], marks: TermMarks
    ) -> Judged:
        """Add up the shards of a run."""
        made = cls(Counter(), Counter(), Counter())
        ids = pa.array({doc_id for _, doc_id, _ in marks.places}, pa.string())
        for shard_id in shard_ids:
            path = workspace.table("ledger", shard_id)
            ledger = read_table(path, ["doc_id", "outcome"])
            places = in_kept(workspace, shard_id, ledger)
            counted = places.group_by(["label", "rule"]).aggregate([([], "count_all")])
            for row in counted.to_pylist():
                made.terms[row["label"], row["rule"]] += row["count_all"]
            some = places.filter(pc.is_in(places["doc_id"], value_set=ids))
            for row in some.to_pylist():
                mark = marks.places.get((row["label"], row["doc_id"], row["start"]))
                if mark is not None:
                    made.marked[row["rule"], mark] += 1
            made.vetoes.update(_vetoes(workspace, shard_id, ledger))
        return made

    def rules(self) -> list[RuleSummary]:
        """Rules that counted something, in their order."""
        accepted = Counter[str]()
        for (_, rule), number in self.terms.items():
            accepted[rule] += number
        return [
            RuleSummary(
                rule=rule,
                accepted=accepted[rule],
                right=self.marked[rule, "right"],
                wrong=self.marked[rule, "wrong"],
            )
            for rule in RULES[1:]
            if accepted[rule]
        ]

    def vetoes_of(self, lexicons: Lexicons) -> list[VetoSummary]:
        """Phrases that were met, with the terms that they hold."""
        forms = {one.language: _forms(one) for one in lexicons.all}
        found = []
        for place, number in self.vetoes.items():
            lexicon, phrase = lexicons.vetoes[place]
            words = split_words(phrase)
            parts = {
                tuple(words[first:last])
                for first, last in combinations(range(len(words) + 1), 2)
            }
            own = forms[lexicon.language]
            terms = sorted({term for part in parts for term in own.get(part, ())})
            found.append(
                VetoSummary(
                    language=lexicon.language,
                    phrase=phrase,
                    terms=terms,
                    places=number,
                )
            )
        return sorted(found, key=lambda one: (-one.places, one.language, one.phrase))


def _forms(lexicon: DemographicLexicon) -> dict[tuple[tuple[int, ...], ...], set[str]]:
    """Terms by the words of their forms."""
    found: dict[tuple[tuple[int, ...], ...], set[str]] = {}
    for (axis, group), term in lexicon.terms:
        for form in term.written:
            name = f"{axis}/{group}/{term.term}"
            found.setdefault(tuple(split_words(form)), set()).add(name)
    return found


def _vetoes(workspace: Workspace, shard_id: str, ledger: pa.Table) -> Counter[int]:
    """Phrases in the kept documents of a shard."""
    survey = read_mapped(survey_path(workspace, shard_id), [*WORDS, VETOES.name])
    held = read_vetoes(survey)
    rows = np.unique(held["row"].to_numpy())
    ids = format_doc_ids(id_words(survey)[rows])
    kept = ledger.filter(pc.equal(ledger["outcome"], Outcome.KEPT.value))["doc_id"]
    inside = pc.is_in(ids, value_set=kept.combine_chunks())
    chosen = pa.array(rows).filter(inside)
    some = held.filter(pc.is_in(held["row"], value_set=chosen))
    summed = some.group_by("veto").aggregate([("count", "sum")]).to_pylist()
    return Counter({row["veto"]: row["count_sum"] for row in summed})
