"""`model.json`: what an evaluation of a model found."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from isinglass.schemas.config.base import Section
from isinglass.schemas.manifest import GateResult, Lexicon, Model


class FoundWords(Section):
    """How much of a set of words a test could use."""

    name: str
    found: int = Field(ge=0)
    missing: list[str]


class Permutations(Section):
    """How the probability of an effect was found.

    Attributes:
        exact: Each of the `partitions` was gone through; else so many were drawn.
        greater: Partitions that gave more than what was observed.
        low: Lower end of the middle 95 % of the effect sizes that chance gives.
    """

    exact: bool
    partitions: int = Field(ge=1)
    greater: int = Field(ge=0)
    seed: int | None = Field(description="Of the draw; null if all were gone through.")
    p_two_sided: float = Field(ge=0, le=1)
    low: float
    high: float


class RandomEffects(Section):
    """An effect combined from many sets of vectors of words in sentences.

    Attributes:
        sets: How many were drawn.
        seed: Of the draw.
        low: Lower end of the 95 % interval of the combined effect.
        spread_low: Lower end of the middle 95 % of the effects of the sets.
        tau_squared: Variance between sets, by DerSimonian and Laird.
        contexts: Sentences of the word that has the fewest.
    """

    sets: int = Field(ge=1)
    seed: int
    low: float
    high: float
    spread_low: float
    spread_high: float
    tau_squared: float = Field(ge=0)
    contexts: int = Field(ge=1)


class AssociationResult(Section):
    """One test of associations.

    Attributes:
        p: One-sided in `weat` and `seat`, two-sided in `ceat`.
        p_holm: The same, corrected by Holm for how many tests of the kind were done.
        p_sentences: `seat` only: as if every sentence were drawn by itself, as was
            published by others.
    """

    id: str
    title: str
    collection: str
    effect_size: float
    p: float = Field(ge=0, le=1)
    p_holm: float = Field(ge=0, le=1)
    p_sentences: float | None = None
    permutations: Permutations | None = None
    random_effects: RandomEffects | None = None
    words: list[FoundWords]


class NotDone(Section):
    """A test that could not be done, and why."""

    id: str
    title: str
    why: str


class Associations(Section):
    """What the tests of one kind found."""

    tests: list[AssociationResult]
    not_done: list[NotDone]
    mean_absolute_effect_size: float = Field(ge=0)


class Preferred(Section):
    """How often the more stereotyping sentence of a pair is the likelier one.

    Attributes:
        more: Pairs of which it is; `ties` of which neither is.
        low: Lower end of the 95 % interval of the share, by Wilson.
    """

    pairs: int = Field(ge=0)
    more: int = Field(ge=0)
    ties: int = Field(ge=0)
    low: float = Field(ge=0, le=1)
    high: float = Field(ge=0, le=1)


class CrowsPairs(Section):
    """What pairs of sentences found.

    Attributes:
        by_type: By the kind of bias, as the file names it.
        by_direction: By what the pair is about: `stereo` or `antistereo`.
        by_perplexity: Where the likelihood of a token counts, not that of the sentence;
            of causal models only.
        skipped: Pairs without scores, by reason.
    """

    head: Literal["masked", "causal"]
    overall: Preferred
    by_type: dict[str, Preferred]
    by_direction: dict[str, Preferred]
    by_perplexity: Preferred | None
    skipped: dict[str, int]


class StereotypeScores(Section):
    """Scores of StereoSet, 0 to 100: means over target terms.

    Attributes:
        lms_interval: 95 %, of the mean over terms; null of one term.
    """

    items: int = Field(ge=1)
    terms: int = Field(ge=1)
    lms: float = Field(ge=0, le=100)
    ss: float = Field(ge=0, le=100)
    icat: float = Field(ge=0, le=100)
    lms_interval: tuple[float, float] | None
    ss_interval: tuple[float, float] | None


class StereoSet(Section):
    """What items of StereoSet found."""

    head: Literal["masked", "causal"]
    overall: StereotypeScores
    by_type: dict[str, StereotypeScores]
    skipped: dict[str, int]


class ProbedGroup(Section):
    """What is read of one group in documents that a probe was not trained on.

    Attributes:
        mentioned: Documents with vectors that mention the group, of all that are known.
        rows: Held-out documents; as many mention the group as do not, so that the
            majority is one half. Null if there are too few to say.
        linear: Of them right by a linear classifier.
        nearest: Of them right by the nearest documents.
    """

    axis: str
    group: str
    mentioned: int = Field(ge=0)
    documents: int = Field(ge=0)
    rows: int | None = None
    linear: int | None = None
    nearest: int | None = None


class Probes(Section):
    """What was read out of the vectors of a run."""

    run_id: str
    documents: int = Field(ge=0, description="Drawn, of known mentions.")
    groups: list[ProbedGroup]


class Kinds(Section):
    """What each kind of test found; null for those that were not done."""

    weat: Associations | None = None
    seat: Associations | None = None
    ceat: Associations | None = None
    crows_pairs: CrowsPairs | None = None
    stereoset: StereoSet | None = None
    probes: Probes | None = None


class ModelEvaluation(Section):
    """An evaluation of one model; its page is made of it and of the statistics."""

    schema_version: Literal["1"] = "1"
    isinglass_version: str
    name: str = Field(description="The model or file of vectors, without its folder.")
    created: str = Field(description="UTC, ISO 8601.")
    config: dict[str, Any] = Field(description="The resolved configuration.")
    models: list[Model] = Field(description="Files that the numbers depend on.")
    lexicons: list[Lexicon] = Field(description="Word lists and sentences, likewise.")
    notes: dict[str, str] = Field(description="Device, precision and their like.")
    packages: dict[str, str]
    kinds: Kinds
    skipped: dict[str, str] = Field(
        description="Kinds of tests that were not done, and why."
    )
    gates: list[GateResult]
    warnings: list[str]
    verdict: Literal["passed", "warned", "failed"]
