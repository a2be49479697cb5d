"""Who is lost by cleaning, and by which stage, at equal length of documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import pyarrow as pa

from isinglass.pipelines.stage import Closed, Columns, Stage
from isinglass.pipelines.stages.demographics.kept import lexicons_of
from isinglass.pipelines.stages.demographics.stage import Demographics
from isinglass.pipelines.stages.pii.stage import Pii
from isinglass.pipelines.stages.retention import proof, report
from isinglass.pipelines.stages.retention.lost import DIALECT, lost_statistics
from isinglass.pipelines.stages.retention.report_beside import LEAST_PARITY
from isinglass.schemas.config import GateConfig, PiiConfig, RetentionConfig, RunConfig
from isinglass.schemas.config.base import expanded
from isinglass.schemas.errors import ConfigError
from isinglass.schemas.manifest import Lexicon, Model
from isinglass.transforms.pii.names import PERSON
from isinglass.transforms.retention.dialect import GROUP, DialectModel, load_dialect
from isinglass.transforms.retention.origins import (
    AXIS,
    LANGUAGE,
    Found,
    name_statistics,
    names_file,
    names_found,
    origins,
)
from isinglass.transforms.statistics.gates import EACH

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.pipelines.stage import Closing, Phase, Site
    from isinglass.transforms.seen import Seen


@dataclass(frozen=True)
class Retention(Stage):
    """The `retention` section; on wherever mentions are counted.

    Attributes:
        path: The model of a dialect; None without one.
        models: The same for the manifest.
    """

    config: RetentionConfig
    path: Path | None = None
    models: tuple[Model, ...] = field(default=())

    name: ClassVar[str] = "retention"
    needs: ClassVar[tuple[str, ...]] = ("demographics", "erase", "pii")
    place: ClassVar[int] = 62

    @classmethod
    def of(cls, config: RunConfig) -> Retention | None:
        """On if mentions are counted, or if it is asked for."""
        if not config.survey.count_mentions and config.retention is None:
            return None
        return cls(config.retention or RetentionConfig())

    def prepare(self, site: Site) -> Retention:
        """Read the model of the dialect once, to refuse what is none."""
        if not site.config.survey.count_mentions:
            raise ConfigError("retention needs survey.count_mentions: true.")
        if self.config.names and not _finds_names(site.config.pii):
            raise ConfigError(
                "retention.names needs a `pii` section with a mode that finds PERSON "
                f"in the language {LANGUAGE}; change it, or set retention.names: 0."
            )
        if self.config.dialect is None:
            return self
        path = (
            site.base / expanded(self.config.dialect, "retention.dialect")
        ).resolve()
        model = load_dialect(path)
        entry = Model(name=path.name, role="dialect", version="", sha256=model.sha256)
        return replace(self, path=path, models=(entry,))

    def resolved(self) -> Mapping[str, Any]:
        """The model is named for any worker."""
        if self.path is None:
            return {}
        named = self.config.model_copy(update={"dialect": str(self.path)})
        return {"retention": named}

    def identity(self, phase: Phase) -> Any:
        """What the model says of texts depends on its bytes."""
        if phase not in ("run", "survey"):
            return None
        return [model.sha256 for model in self.models]

    def files(self) -> tuple[tuple[Model, ...], tuple[Lexicon, ...]]:
        """The model of the dialect, and the names that are planted."""
        return self.models, (names_file().entry,) if self.config.names else ()

    def fields(self, table: Literal["survey", "data"]) -> tuple[pa.Field, ...]:
        """Whether a document reads like the dialect: in the survey alone."""
        if table == "data" or self.path is None:
            return ()
        return (pa.field(DIALECT, pa.bool_()),)

    def open(self, phase: Literal["survey", "clean"], workspace: Workspace) -> Any:
        """Load the model."""
        del workspace
        return load_dialect(self.path) if phase == "survey" and self.path else None

    def survey(self, state: DialectModel, seen: Seen) -> Mapping[str, pa.Array]:
        """Look at the words of a batch."""
        return {DIALECT: state.flags(seen.texts, seen.languages)}

    def close(self, closing: Closing) -> Closed:
        """Each group against the documents that do not mention it."""
        driver, dialect = closing.driver, self.path is not None
        lexicons = lexicons_of(driver.config)
        found = lost_statistics(
            driver.workspace, driver.shard_ids, lexicons, dialect=dialect
        )
        if self.config.names:
            found += name_statistics(self._names_found(closing))
        return Closed(found)

    def _names_found(self, closing: Closing) -> dict[str, Found]:
        """What the detector of the run finds of planted names."""
        config = closing.driver.config
        # The key is for what takes the place of a value, and nothing is replaced.
        stage = Pii(config.pii, config.seed, key=bytes(32))
        detector, _ = stage.open("clean", closing.workspace)
        return names_found(detector, self.config.names)

    @classmethod
    def asks(cls, config: RunConfig) -> Sequence[GateConfig]:
        """Of no group much less stays than of another one of its axis."""
        if not config.survey.count_mentions:
            return ()
        gate = GateConfig(
            metric="group.retention_parity",
            slice={"axis": EACH, "group": EACH},
            op=">=",
            value=LEAST_PARITY,
            severity="warning",
            reason="Clearly less stays of the documents that mention this group.",
        )
        return (gate,)

    @classmethod
    def slices(cls, config: RunConfig) -> Mapping[str, Columns]:
        """Axes and groups of the lexicons, and the dialect."""
        whole = Demographics.slices(config)["group.concentration"]
        told = config.retention is not None and config.retention.dialect is not None
        lost: Columns = {
            column: known if known is None or not told else (*known, own)
            for (column, known), own in zip(whole.items(), GROUP, strict=True)
        }
        names: Columns = {"axis": (AXIS,), "group": origins(), "entity": (PERSON,)}
        cut: Columns = {**lost, "reason": None, "entity": None}
        return {
            "group.retention": whole,
            "group.retention_ratio": whole,
            "group.retention_parity": whole,
            "group.removed_share": {**lost, "reason": None},
            "group.removal_ratio": {**lost, "reason": None},
            "group.adjusted_removal_ratio": {**lost, "reason": None},
            "group.removal_pmi": {**lost, "reason": None},
            "group.cut_share": cut,
            "group.cut_ratio": cut,
            "group.adjusted_cut_ratio": cut,
            "group.cut_characters": cut,
            "group.names_found": names,
            "group.names_found_ratio": names,
            "group.mean_weight": lost,
            "group.weight_ratio": lost,
        }

    prove = staticmethod(proof.prove)
    section = staticmethod(report.section)


def _finds_names(pii: PiiConfig | None) -> bool:
    """Whether a model looks for names in English text."""
    if pii is None or pii.mode == "identifiers":
        return False
    return PERSON in pii.entities and LANGUAGE in pii.languages
