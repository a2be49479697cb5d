"""Mentions of groups of people, before cleaning and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import pyarrow as pa

from isinglass.pipelines.stage import BY_TEXT, Closed, Closing, Columns, Stage
from isinglass.pipelines.stages.demographics import paper, proof, report
from isinglass.pipelines.stages.demographics.judged import Judged
from isinglass.pipelines.stages.demographics.kept import kept_documents, kept_statistics
from isinglass.pipelines.stages.demographics.leaning import leaning_words
from isinglass.pipelines.stages.demographics.terms import (
    TermMarks,
    cases,
    marks_warnings,
    term_summaries,
)
from isinglass.schemas.config import RunConfig
from isinglass.schemas.config.base import expanded
from isinglass.schemas.config.demographics import DemographicsConfig
from isinglass.schemas.demographics import DemographicsSummary
from isinglass.schemas.manifest import Lexicon, Model
from isinglass.transforms.demographics.counts import (
    count_mentions,
    mention_columns,
    mention_fields,
)
from isinglass.transforms.demographics.lexicon import (
    Lexicons,
    load_lexicons,
    with_absolute_lexicons,
)
from isinglass.transforms.demographics.places import (
    JUDGED,
    VETOES,
    place_column,
    place_field,
    veto_column,
)

if TYPE_CHECKING:
    from isinglass.pipelines.stage import Phase, Site
    from isinglass.schemas.statistic import Statistic
    from isinglass.transforms.seen import Seen


@dataclass(frozen=True)
class Demographics(Stage):
    """`survey.count_mentions` and the `demographics` section."""

    config: DemographicsConfig
    marks: TermMarks = field(default_factory=TermMarks)

    name: ClassVar[str] = "demographics"
    place: ClassVar[int] = 60

    @classmethod
    def of(cls, config: RunConfig) -> Demographics | None:
        """On unless it is switched off."""
        return cls(config.demographics) if config.survey.count_mentions else None

    def prepare(self, site: Site) -> Demographics:
        """Read and check the lexicons and marks."""
        config, marks = with_absolute_lexicons(self.config, site.base), TermMarks()
        if config.marks is not None:
            path = (site.base / expanded(config.marks, "demographics.marks")).resolve()
            config, marks = (
                config.model_copy(update={"marks": str(path)}),
                TermMarks.read(path),
            )
        made = Demographics(config, marks)
        made.lexicons()
        return made

    def lexicons(self) -> Lexicons:
        """The lexicons, with the terms that are sure by the marks."""
        sure = self.marks.sure(load_lexicons(self.config))
        return load_lexicons(self.config, sure)

    def resolved(self) -> Mapping[str, Any]:
        """Files of the user are named for any worker."""
        return {"demographics": self.config}

    def identity(self, phase: Phase) -> Any:
        """The axes, the lexicons and the terms that are sure.

        What else marks say is about the run as a whole.
        """
        if phase == "survey":
            lexicons = self.lexicons()
            read = [entry.sha256 for entry in lexicons.entries]
            return [self.config.axes, read, sorted(lexicons.measured)]
        return self.marks.sha256 or None if phase == "run" else None

    def files(self) -> tuple[tuple[Model, ...], tuple[Lexicon, ...]]:
        """The lexicons."""
        return (), load_lexicons(self.config).entries

    def fields(self, table: Literal["survey", "data"]) -> tuple[pa.Field, ...]:
        """Mentions of each group, words, whether there is a lexicon, and places."""
        if table == "data":
            return ()
        return (*mention_fields(), place_field(self.lexicons()), VETOES)

    def survey(self, state: Any, seen: Seen) -> Mapping[str, pa.Array]:
        """Count the mentions of each group, and note where ambiguous terms stand."""
        del state
        lexicons = self.lexicons()
        mentions, matches = count_mentions(seen.texts, seen.languages, lexicons)
        columns = mention_columns(mentions)
        columns[JUDGED] = place_column(matches, len(seen.texts), lexicons)
        columns[VETOES.name] = veto_column(matches, len(seen.texts), lexicons)
        return columns

    def close(self, closing: Closing) -> Closed:
        """Mentions before and after cleaning, and words that lean to a group."""
        kept = kept_documents(closing.workspace, closing.driver.shard_ids)
        lexicons, shards = self.lexicons(), closing.driver.shard_ids
        told = DemographicsSummary(documents=0, words=[])
        if closing.driver.writes_text:
            told = leaning_words(closing.workspace, shards, lexicons)
        judged = Judged.of(closing.workspace, shards, self.marks)
        update = {
            "terms": term_summaries(judged, lexicons, self.marks),
            "rules": judged.rules(),
            "vetoes": judged.vetoes_of(lexicons),
            "marks_sha256": self.marks.sha256 or None,
        }
        if not self.config.intersections:
            update["together"] = []
        told = told.model_copy(update=update)
        statistics = kept_statistics(kept, lexicons)
        return Closed(statistics, manifest={"demographics": told})

    @classmethod
    def slices(cls, config: RunConfig) -> Mapping[str, Columns]:
        """Axes and groups of the lexicons."""
        axes = groups = None
        # Paths of lexicons are not resolved here.
        if not config.demographics.lexicons:
            named = load_lexicons(config.demographics).groups
            axes, groups = (tuple(set(names)) for names in zip(*named, strict=True))
        whole: Columns = {"axis": axes, "group": groups}
        return {
            "lexicon.coverage": {"axis": axes, **BY_TEXT},
            # Of mentions the term is the entity; what others find has other columns.
            "review.precision": {
                "entity": None,
                "reason": None,
                "language": None,
                **whole,
            },
            "axis.coverage": {"axis": axes, **BY_TEXT},
            "group.document_share": {**whole, **BY_TEXT},
            "group.mention_share": {**whole, **BY_TEXT},
            "group.mentions_per_thousand_words": {**whole, **BY_TEXT},
            "group.concentration": whole,
        }

    @classmethod
    def warns(
        cls, config: RunConfig, told: Mapping[str, Any], statistics: Sequence[Statistic]
    ) -> list[str]:
        """Marks that are no random sample."""
        del config, statistics
        summary = told.get("demographics")
        return marks_warnings(summary.terms) if summary is not None else []

    prove = staticmethod(proof.prove)
    section = staticmethod(report.section)
    paper = staticmethod(paper.paper)
    cases = staticmethod(cases)
