"""The configuration of `isinglass evaluate model`."""

from __future__ import annotations

from pydantic import Field, model_validator

from isinglass.schemas.config import EncodeConfig, GateConfig
from isinglass.schemas.config.base import Local, Section


class AssociationsConfig(Section):
    """Tests of associations between sets of words: `weat`, `seat` and `ceat`."""

    lists: tuple[Local, ...] = Field(
        (), description="YAML files of word sets and tests, besides the packaged ones."
    )
    packaged: bool = Field(default=True, description="Do the packaged tests, too.")
    tests: tuple[str, ...] = Field((), description="Ids of tests; empty for all.")
    texts: Local | None = Field(
        None,
        description="Where `ceat` finds words in sentences: a run folder, or a file or "
        "folder of texts.",
    )
    partitions: int = Field(
        100_000,
        ge=100,
        le=10_000_000,
        description="Most partitions that are all gone through, and how many are drawn "
        "where there are more.",
    )
    sets: int = Field(
        10_000, ge=100, le=1_000_000, description="Sets of vectors that `ceat` draws."
    )
    contexts: int = Field(
        200, ge=2, le=100_000, description="Most sentences of a word in `ceat`."
    )
    least_contexts: int = Field(
        10, ge=1, description="Words in fewer sentences are left out of `ceat`."
    )

    @model_validator(mode="after")
    def _check_contexts(self) -> AssociationsConfig:
        if self.least_contexts > self.contexts:
            raise ValueError(
                f"least_contexts {self.least_contexts} is more than contexts "
                f"{self.contexts}: no word would be left"
            )
        return self


class ProbesConfig(Section):
    """What classifiers read out of the vectors of a finished run: `probes`."""

    run: Local | None = Field(
        None,
        description="A run with vectors of the same model and with "
        "survey.count_mentions: true.",
    )
    axes: tuple[str, ...] = Field((), description="Axes of mentions; empty for all.")
    documents: int = Field(
        20_000, ge=100, le=1_000_000, description="Most documents that are drawn."
    )
    groups: int = Field(
        12, ge=1, le=1000, description="Most groups of an axis: the most frequent ones."
    )


class EvaluationConfig(Section):
    """One evaluation of a model. A kind of test that cannot be done is skipped."""

    encode: EncodeConfig | None = Field(
        None, description="The model, as in a run: encode.model and what belongs to it."
    )
    vectors: Local | None = Field(
        None, description="Word vectors instead: word2vec or GloVe text, or `.npz`."
    )
    output: Local = Field(description="Folder of the evaluation.")
    kinds: tuple[str, ...] = Field((), description="Kinds of tests; empty for all.")
    seed: int = Field(0, ge=0, lt=2**63, description="Seed of every drawn choice.")
    associations: AssociationsConfig = Field(default_factory=AssociationsConfig)
    crows_pairs: Local | None = Field(
        None, description="CSV file in the form of crows_pairs_anonymized.csv."
    )
    stereoset: Local | None = Field(
        None, description="JSON file in the form of StereoSet's dev.json."
    )
    probes: ProbesConfig = Field(default_factory=ProbesConfig)
    gates: tuple[GateConfig, ...] = ()

    @model_validator(mode="after")
    def _check_subject(self) -> EvaluationConfig:
        if (self.encode is None) == (self.vectors is None):
            raise ValueError("name either a model (encode.model) or vectors")
        return self
