"""Mentions of groups of people, before cleaning and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import pyarrow as pa

from isinglass.pipelines.stage import BY_TEXT, Closed, Closing, Columns, Stage
from isinglass.pipelines.stages.demographics import report
from isinglass.pipelines.stages.demographics.kept import kept_documents, kept_statistics
from isinglass.schemas.config import RunConfig
from isinglass.schemas.manifest import Lexicon, Model
from isinglass.transforms.demographics.counts import (
    count_mentions,
    mention_columns,
    mention_fields,
)
from isinglass.transforms.demographics.lexicon import all_lexicons, group_names

if TYPE_CHECKING:
    from isinglass.transforms.seen import Seen


@dataclass(frozen=True)
class Demographics(Stage):
    """`survey.count_mentions`."""

    name: ClassVar[str] = "demographics"
    place: ClassVar[int] = 60

    @classmethod
    def of(cls, config: RunConfig) -> Demographics | None:
        """On unless it is switched off."""
        return cls() if config.survey.count_mentions else None

    def files(self) -> tuple[tuple[Model, ...], tuple[Lexicon, ...]]:
        """The lexicons."""
        return (), tuple(lexicon.entry for lexicon in all_lexicons())

    def fields(self, table: Literal["survey", "data"]) -> tuple[pa.Field, ...]:
        """Mentions of each group, words, and whether there is a lexicon."""
        return mention_fields() if table == "survey" else ()

    def survey(self, state: Any, seen: Seen) -> Mapping[str, pa.Array]:
        """Count the mentions of each group."""
        del state
        return mention_columns(count_mentions(seen.texts, seen.languages))

    def close(self, closing: Closing) -> Closed:
        """Mentions before and after cleaning."""
        kept = kept_documents(closing.workspace, closing.driver.shard_ids)
        return Closed(kept_statistics(kept))

    @classmethod
    def slices(cls, config: RunConfig) -> Mapping[str, Columns]:
        """Axes and groups of the lexicons."""
        del config
        axes, groups = (tuple(set(names)) for names in zip(*group_names(), strict=True))
        whole: Columns = {"axis": axes, "group": groups}
        return {
            "lexicon.coverage": BY_TEXT,
            "axis.coverage": {"axis": axes, **BY_TEXT},
            "group.document_share": {**whole, **BY_TEXT},
            "group.mention_share": {**whole, **BY_TEXT},
            "group.mentions_per_thousand_words": {**whole, **BY_TEXT},
        }

    section = staticmethod(report.section)
