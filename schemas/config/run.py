"""The whole run configuration and its small sections."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from isinglass.schemas.config.balance import BalanceConfig
from isinglass.schemas.config.base import Local, Section
from isinglass.schemas.config.decontaminate import DecontaminateConfig
from isinglass.schemas.config.dedup import DedupConfig
from isinglass.schemas.config.demographics import DemographicsConfig
from isinglass.schemas.config.encode import EncodeConfig
from isinglass.schemas.config.erase import EraseConfig
from isinglass.schemas.config.inputs import InputConfig
from isinglass.schemas.config.normalise import NormaliseConfig
from isinglass.schemas.config.pii import PiiConfig
from isinglass.schemas.config.release import ReleaseConfig
from isinglass.schemas.config.retention import RetentionConfig
from isinglass.schemas.config.review import ReviewConfig


class SurveyConfig(Section):
    """Measurements that cost time and that a plain deduplication does not need."""

    detect_languages: bool = Field(
        default=True,
        description="Detect the language of documents that do not name one; else it "
        "is `und`, and models that need a language are not used on them.",
    )
    count_mentions: bool = Field(
        default=True,
        description="Count demographic terms, by which the report says who was "
        "removed; `balance` needs it.",
    )


class StageConfig(Section):
    """One stage that does not come with isinglass; see `docs/stages.md`."""

    use: str = Field(
        pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$",
        description="`module:Class`. The module is looked for where Python looks, "
        "then in the folder that relative paths start from.",
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description="Given to the class by name."
    )


class GateConfig(Section):
    """A condition on a statistic that the finished run must meet."""

    metric: str = Field(description="Statistic id, e.g. `pii.recall`.")
    slice: dict[str, str] = Field(
        default_factory=dict,
        description="Slice columns that the statistic must have; * is any value, and "
        "then it must hold for each.",
    )
    op: Literal[">=", "<=", ">", "<", "=="] = Field(description="Comparison.")
    value: float = Field(description="Right-hand side of the comparison.")
    severity: Literal["error", "warning"] = Field(
        "error", description="error: exit 3; warning: exit 4 under --strict."
    )
    baseline: str | None = Field(
        None,
        description="Folder of an earlier run; the difference to its statistic counts.",
    )
    reason: str = Field("", description="Why it matters, told where it is not met.")


class BeamConfig(Section):
    """How the passes are executed. Never changes the bytes of an output."""

    runner: str = Field("FnApiRunner", description="Beam runner by name.")
    workers: int = Field(1, ge=1, le=256, description="Local workers.")
    mode: Literal["auto", "in_memory", "multi_threading", "multi_processing"] = Field(
        "auto", description="FnApiRunner's way of running; auto chooses by pass."
    )


class LimitsConfig(Section):
    """Bounds on bad input, and the sizes of shards."""

    max_quarantine_rate: float = Field(
        0.01, ge=0.0, le=1.0, description="A larger share of quarantined records fails."
    )
    max_document_chars: int = Field(
        2_000_000, ge=1, description="Longer documents go to quarantine."
    )
    shard_bytes: int = Field(
        16 * 2**20,
        ge=1,
        description="Uncompressed bytes a shard aims at. Workers share whole shards, "
        "so a corpus should have several for each.",
    )
    unreadable_files: Literal["quarantine", "refuse"] = Field(
        "quarantine", description="What a file that cannot be opened leads to."
    )


class RunConfig(Section):
    """One run. A section that is absent is off."""

    name: str = Field(
        "isinglass",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        description="Run name: a letter or digit, then also dots, `_` and `-`.",
    )
    inputs: tuple[InputConfig, ...] = Field(min_length=1)
    output: Local = Field(description="Folder of the run.")
    seed: int = Field(0, ge=0, lt=2**63, description="Seed of every sampled choice.")
    survey: SurveyConfig = Field(default_factory=SurveyConfig)
    dedup: DedupConfig | None = None
    decontaminate: DecontaminateConfig | None = None
    erase: EraseConfig | None = None
    pii: PiiConfig | None = None
    demographics: DemographicsConfig = Field(default_factory=DemographicsConfig)
    balance: BalanceConfig | None = None
    retention: RetentionConfig | None = None
    encode: EncodeConfig | None = None
    stages: tuple[StageConfig, ...] = Field(
        (), description="Stages of somebody else's, in the order in which they act."
    )
    review: ReviewConfig | None = None
    release: ReleaseConfig | None = None
    gates: tuple[GateConfig, ...] = ()
    beam: BeamConfig = Field(default_factory=BeamConfig)
    limits: LimitsConfig = Field(default_factory=LimitsConfig)

    @property
    def finds(self) -> bool:
        """Whether something is changed in texts, so that there are findings."""
        return bool(self.pii or self.erase or self.stages)

    @property
    def normalise(self) -> NormaliseConfig:
        """What two texts may differ in and still be equal."""
        return NormaliseConfig() if self.dedup is None else self.dedup.normalise
