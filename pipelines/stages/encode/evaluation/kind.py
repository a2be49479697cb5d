"""What a kind of test does when a model is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from isinglass.pipelines.stages.encode.evaluation.embed import Embedder, load_embedder
from isinglass.schemas.config.evaluation import EvaluationConfig
from isinglass.schemas.manifest import Lexicon, Model
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.encode.likelihood.heads import load_head
from isinglass.transforms.encode.likelihood.scores import Scorer
from isinglass.transforms.encode.models.check import check_models
from isinglass.transforms.encode.models.find import MINILM, MINILM_NAME
from isinglass.transforms.encode.tokenizers.reference import load_reference

if TYPE_CHECKING:
    from isinglass.pipelines.report.blocks import Section as PageSection
    from isinglass.schemas.config.base import Section


@dataclass(frozen=True)
class Asked:
    """What is to be measured; paths of the configuration are absolute."""

    config: EvaluationConfig

    @property
    def name(self) -> str:
        """The model or the file of vectors, without its folder."""
        named = self.config.encode.model if self.config.encode else self.config.vectors
        return MINILM_NAME if named == MINILM else Path(named or "").name

    @cached_property
    def models(self) -> tuple[Model, ...]:
        """Files of the encoder with their hashes; none of word vectors.

        Raises as `check_models` does, such as where there is no such model.
        """
        encode = self.config.encode
        return tuple(check_models(encode)) if encode else ()

    @cached_property
    def embedder(self) -> Embedder:
        """The loaded encoder; of word vectors there is none."""
        assert self.config.encode is not None
        return load_embedder(self.config.encode)

    @cached_property
    def scorer(self) -> Scorer:
        """The loaded language model with its head; raises as `load_head` does."""
        assert self.config.encode is not None
        reference = load_reference(self.config.encode)
        return Scorer.of(load_head(self.config.encode), reference)

    @property
    def head_notes(self) -> dict[str, str]:
        """What the head computes with."""
        head = self.scorer.head
        return {
            "head": f"{head.kind} ({type(head.model).__name__})",
            "device": head.device.type,
            "precision": str(head.model.dtype).removeprefix("torch."),
        }


@dataclass(frozen=True)
class Measured:
    """What a kind of test found.

    Attributes:
        part: What `model.json` holds of it, a field of `Kinds`.
        statistics: Rows of `audit/statistics.parquet`, all that gates can be about.
        section: Its part of the page.
        lines: What is said on a terminal.
        models: Files that the numbers depend on, besides `Asked.models`.
        lexicons: Files of data that they depend on.
        notes: What they were computed with, such as `device` and `precision`.
        warnings: What a reader must know before trusting them.
    """

    part: Section
    statistics: tuple[Statistic, ...]
    section: PageSection
    lines: tuple[str, ...]
    models: tuple[Model, ...] = ()
    lexicons: tuple[Lexicon, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """A kind of test.

    Attributes:
        name: As `kinds` of the configuration and `Kinds` have it.
        metrics: Ids of its statistics, and the columns that each is told by.
        why_not: Why it cannot be done with a model, in a sentence; empty if it can.
            Nothing large is loaded for that.
        check: Refuses its part of the configuration before a model is loaded.
        measure: Does it.
    """

    name: str
    metrics: Mapping[str, tuple[str, ...]]
    why_not: Callable[[Asked], str]
    check: Callable[[Asked], None]
    measure: Callable[[Asked], Measured]
