"""Mentions of groups of people, before cleaning and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import pyarrow as pa

from isinglass.pipelines.stage import BY_TEXT, Closed, Closing, Columns, Stage
from isinglass.pipelines.stages.demographics import report
from isinglass.pipelines.stages.demographics.kept import kept_documents, kept_statistics
from isinglass.pipelines.stages.demographics.leaning import leaning_words
from isinglass.schemas.config import RunConfig
from isinglass.schemas.config.demographics import DemographicsConfig
from isinglass.schemas.manifest import Lexicon, Model
from isinglass.transforms.demographics.counts import (
    count_mentions,
    mention_columns,
    mention_fields,
)
from isinglass.transforms.demographics.lexicon import (
    load_lexicons,
    with_absolute_lexicons,
)

if TYPE_CHECKING:
    from isinglass.pipelines.stage import Phase, Site
    from isinglass.transforms.seen import Seen


@dataclass(frozen=True)
class Demographics(Stage):
    """`survey.count_mentions` and the `demographics` section."""

    config: DemographicsConfig

    name: ClassVar[str] = "demographics"
    place: ClassVar[int] = 60

    @classmethod
    def of(cls, config: RunConfig) -> Demographics | None:
        """On unless it is switched off."""
        return cls(config.demographics) if config.survey.count_mentions else None

    def prepare(self, site: Site) -> Demographics:
        """Read and check the lexicons."""
        made = Demographics(with_absolute_lexicons(self.config, site.base))
        load_lexicons(made.config)
        return made

    def resolved(self) -> Mapping[str, Any]:
        """Lexicons of the user are named for any worker."""
        return {"demographics": self.config}

    def identity(self, phase: Phase) -> Any:
        """The axes; the contents of lexicons are those of `files`."""
        return self.config.axes if phase == "survey" else None

    def files(self) -> tuple[tuple[Model, ...], tuple[Lexicon, ...]]:
        """The lexicons."""
        return (), load_lexicons(self.config).entries

    def fields(self, table: Literal["survey", "data"]) -> tuple[pa.Field, ...]:
        """Mentions of each group, words, and whether there is a lexicon."""
        return mention_fields() if table == "survey" else ()

    def survey(self, state: Any, seen: Seen) -> Mapping[str, pa.Array]:
        """Count the mentions of each group."""
        del state
        lexicons = load_lexicons(self.config)
        return mention_columns(count_mentions(seen.texts, seen.languages, lexicons)[0])

    def close(self, closing: Closing) -> Closed:
        """Mentions before and after cleaning, and words that lean to a group."""
        kept = kept_documents(closing.workspace, closing.driver.shard_ids)
        lexicons, told = load_lexicons(self.config), {}
        if closing.driver.writes_text:
            shards = closing.driver.shard_ids
            told = {"demographics": leaning_words(closing.workspace, shards, lexicons)}
        return Closed(kept_statistics(kept, lexicons.groups), manifest=told)

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
            "lexicon.coverage": BY_TEXT,
            "axis.coverage": {"axis": axes, **BY_TEXT},
            "group.document_share": {**whole, **BY_TEXT},
            "group.mention_share": {**whole, **BY_TEXT},
            "group.mentions_per_thousand_words": {**whole, **BY_TEXT},
            "group.concentration": whole,
        }

    section = staticmethod(report.section)
