"""The run manifest: the single source of the report and of every other artefact."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from isinglass.schemas.commit import OutputFile
from isinglass.schemas.config.base import Section
from isinglass.schemas.config.pii import Operator, PrivacyClass
from isinglass.schemas.demographics import DemographicsSummary
from isinglass.schemas.encoding import EncodeSummary, LeaceSummary, SemanticSummary
from isinglass.schemas.review import ReviewSummary
from isinglass.schemas.weighting import AxisSummary, WeightSummary

MANIFEST_VERSION = "1"


class InputFile(Section):
    """One input file as it was when the run was planned."""

    path: str = Field(description="Relative to the input's root.")
    source: str
    format: str
    bytes: int = Field(ge=0)
    rows: int = Field(ge=0, description="Records read, quarantined ones included.")
    sha256: str
    problem: str = Field("", description="Why it could not be read; empty if it was.")


class Model(Section):
    """A model, tokenizer or detector whose bytes the results depend on."""

    name: str
    role: str
    version: str = ""
    revision: str = Field("", description="Commit on the hub; empty for others.")
    sha256: str


class Lexicon(Section):
    """A data file of the project that the results depend on."""

    name: str
    language: str
    version: str
    licence: str
    sha256: str


class Records(Section):
    """Conservation of records: in = kept + dropped + quarantined."""

    total_in: int = Field(ge=0, alias="in")
    kept: int = Field(ge=0)
    dropped: dict[str, int]
    quarantined: dict[str, int]


class Characters(Section):
    """Conservation of code points.

    in = kept_documents + dropped + quarantined, and
    kept = kept_documents - cut - redacted + inserted.

    Attributes:
        total_in: Code points of all documents that could be decoded.
        dropped: Of dropped documents.
        quarantined: Of quarantined documents that could be decoded.
        cut: Removed from kept documents as boilerplate.
        redacted: Removed from kept documents by operators.
        inserted: Put in their place.
        kept: Written to `data/`.
    """

    total_in: int = Field(ge=0, alias="in")
    kept: int = Field(ge=0)
    dropped: int = Field(ge=0)
    quarantined: int = Field(ge=0)
    cut: int = Field(0, ge=0)
    redacted: int = Field(ge=0)
    inserted: int = Field(ge=0)


class FindingCount(Section):
    """Findings of one entity: found = changed + kept."""

    found: int = Field(ge=0)
    changed: int = Field(ge=0)
    kept: int = Field(ge=0)


class OperatorUse(Section):
    """What was done with one kind of finding, and what that leaves of a value."""

    operator: Operator
    privacy_class: PrivacyClass


class Recall(Section):
    """Share of planted identifiers that were found, with a Wilson 95 % interval."""

    planted: int = Field(ge=0)
    found: int = Field(ge=0)
    found_as_other: int = Field(
        0, ge=0, description="Missed as this entity, but found as another one."
    )
    recall: float = Field(ge=0.0, le=1.0)
    low: float = Field(ge=0.0, le=1.0)
    high: float = Field(ge=0.0, le=1.0)


class RecallSlice(Recall):
    """Recall of one entity in one part of the corpus."""

    entity: str
    by: Literal["position", "language", "source"]
    name: str = Field(description="Which position, language or source.")


class ExpectedLeftovers(Section):
    """Identifiers of one entity that are probably still there: found x (1 - r) / r."""

    found: int = Field(ge=0, description="Findings in the kept documents.")
    expected: float | None = Field(description="None: nothing planted was found.")
    low: float | None = Field(description="With the upper end of the recall.")
    high: float | None = Field(
        description="With the lower end of the recall; None: unbounded, it is 0."
    )


class FrequentValue(Section):
    """A value that was replaced often, known by its keyed hash alone."""

    entity: str
    value_key: str = Field(description="As in findings/.")
    found: int = Field(ge=1, description="How often it was replaced.")
    documents: int = Field(ge=1, description="Documents that held it.")
    share: float = Field(
        gt=0.0, le=1.0, description="Of all that was replaced as this entity."
    )
    signs: dict[str, int] = Field(
        default_factory=dict,
        description="Findings that show a sign of being a word and no name, by sign: "
        "small, article, label; of PERSON only, see docs/pii.md.",
    )


class SecondScanCount(Section):
    """Hits of the wide patterns of one entity in the finished `data/`."""

    hits: int = Field(ge=0, description="At most so many are left; not all are right.")
    documents: int = Field(ge=0, description="Documents that hold one.")


class SecondScanSlice(SecondScanCount):
    """Hits of one entity in one part of the corpus."""

    entity: str
    by: Literal["language", "source"]
    name: str = Field(description="Which language or source.")


class SecondScan(Section):
    """The scan of `data/` by patterns that share nothing with the detector."""

    documents: int = Field(ge=0, description="Documents scanned.")
    entities: dict[str, SecondScanCount]
    slices: list[SecondScanSlice] = Field(default_factory=list)


class EarlierRunSummary(Section):
    """An earlier run whose documents were not kept again."""

    path: str = Field(description="As the configuration names it.")
    run_id: str
    documents: int = Field(ge=0, description="Documents that it kept.")


class DedupSummary(Section):
    """What deduplication did."""

    exact_removed: int = Field(ge=0)
    near_removed: int = Field(ge=0)
    contained_removed: int = Field(0, ge=0)
    removed_for_earlier: int = Field(
        0, ge=0, description="Of all these, removed for a document of an earlier run."
    )
    against: list[EarlierRunSummary] = Field(default_factory=list)
    families: dict[str, str] = Field(
        default_factory=dict,
        description="Families of hashes; runs with equal ones can be compared.",
    )
    candidate_pairs: int = Field(ge=0)
    verified_pairs: int = Field(ge=0, description="At or above the threshold.")
    capture_curve: list[tuple[float, float]] = Field(
        description="(Jaccard, probability that such a pair becomes a candidate)."
    )


class EvaluationFile(Section):
    """One file of evaluation items, and what of it was found in documents."""

    path: str = Field(description="As the configuration names it.")
    sha256: str
    items: int = Field(ge=0, description="Records with a text, all those below too.")
    too_short: int = Field(ge=0, description="Items of too few words to look for.")
    duplicates: int = Field(ge=0, description="Items equal to one before them.")
    unreadable: int = Field(ge=0, description="Records without a readable text.")
    matched_items: int = Field(
        ge=0, description="Items that are the longest match of a document."
    )
    documents: int = Field(ge=0, description="Documents whose longest match they are.")


class DecontaminationSummary(Section):
    """Which evaluation sets were looked for, and what was found."""

    files: list[EvaluationFile]
    documents: int = Field(ge=0, description="Documents that hold an item.")
    action: Literal["drop", "flag"]


class ErasureRequest(Section):
    """One request for erasure: how much was asked for and found; no value."""

    values: int = Field(ge=0, description="Distinct values asked for.")
    remove: Literal["documents", "spans"]
    documents: int = Field(ge=0, description="Documents that hold one of them.")
    spans: int = Field(ge=0, description="Places in texts that hold one of them.")
    found_by_key: int = Field(ge=0, description="Places known by their value key.")
    found_by_text: int = Field(ge=0, description="Places found in the source texts.")
    found_elsewhere: int = Field(
        ge=0, description="Documents with a value outside of their text."
    )


class ErasureSummary(Section):
    """What was taken out because it was asked for."""

    documents: int = Field(ge=0, description="Documents dropped as erased.")
    spans: int = Field(ge=0, description="Spans taken out of kept documents.")
    listed: int = Field(ge=0, description="Rows of audit/erasure.parquet.")
    requests: list[ErasureRequest]


class StageSummary(Section):
    """A stage of somebody else's, and what it tells of the run."""

    use: str = Field(description="`module:Class`.")
    sha256: str = Field(description="Over all files of its module or package.")
    edits: bool = Field(default=False, description="Whether it changes texts.")
    reasons: dict[str, str] = Field(
        default_factory=dict, description="A sentence for each reason it drops for."
    )
    values: dict[str, Any] = Field(default_factory=dict)


class GateResult(Section):
    """One gate and how it went."""

    metric: str
    slice: dict[str, str]
    op: str
    value: float
    actual: float | None = Field(description="None when no such statistic exists.")
    severity: Literal["error", "warning"]
    baseline: str | None = None
    reason: str = ""
    passed: bool
    where: dict[str, str] = Field(
        default_factory=dict, description="Of columns given as *: where it is `actual`."
    )


class PassRecord(Section):
    """One pass: how much it did and what it cost."""

    name: str
    units: int = Field(ge=0)
    reused: int = Field(ge=0, description="Units taken over from an earlier attempt.")
    rows: int = Field(ge=0)
    bytes: int = Field(ge=0)
    seconds: float = Field(ge=0.0, description="Wall seconds of this attempt.")
    cpu_seconds: float = Field(ge=0.0, description="Process seconds of all units.")


class Manifest(Section):
    """Everything about a run that the other artefacts are made of."""

    isinglass_version: str
    schema_version: str = MANIFEST_VERSION
    run_id: str
    name: str
    verb: Literal["run", "clean", "audit", "encode"]
    created: str = Field(description="UTC, ISO 8601.")
    config: dict[str, Any] = Field(description="Resolved configuration.")
    inputs: list[InputFile]
    models: list[Model]
    lexicons: list[Lexicon]
    packages: dict[str, str]
    records: Records
    characters: Characters
    findings: dict[str, FindingCount] = Field(default_factory=dict)
    allowed: dict[str, int] = Field(
        default_factory=dict,
        description="Findings left alone, and not counted above, because a list of "
        "pii.recognizers.allow holds the value; by entity.",
    )
    frequent_values: list[FrequentValue] = Field(
        default_factory=list,
        description="Values that were replaced most often, up to 20 of an entity, and "
        "those that are written like words.",
    )
    operators: dict[str, OperatorUse] = Field(
        default_factory=dict, description="By kind of PII that was looked for or found."
    )
    recall: dict[str, Recall] = Field(default_factory=dict)
    recall_slices: list[RecallSlice] = Field(default_factory=list)
    not_measured: dict[str, str] = Field(
        default_factory=dict,
        description="Why the recall of an entity that is looked for is not known.",
    )
    expected_leftovers: dict[str, ExpectedLeftovers] = Field(default_factory=dict)
    second_scan: SecondScan | None = Field(
        None, description="An upper bound on what is left in data/; None: not run."
    )
    dedup: DedupSummary | None = None
    decontamination: DecontaminationSummary | None = None
    erasure: ErasureSummary | None = None
    demographics: DemographicsSummary | None = Field(
        None, description="None: mentions were not counted."
    )
    balance: dict[str, AxisSummary] = Field(default_factory=dict)
    weights: WeightSummary | None = Field(
        None, description="Of `balance`; None: no weights were computed."
    )
    encode: EncodeSummary | None = None
    semantic: SemanticSummary | None = Field(
        None, description="Clusters of the vectors; None: not asked for."
    )
    leace: LeaceSummary | None = Field(
        None, description="A concept erased from the vectors; None: not asked for."
    )
    stages: dict[str, StageSummary] = Field(
        default_factory=dict, description="Stages of somebody else's, by name."
    )
    review: ReviewSummary | None = Field(
        None, description="By marks of a person; None: none were given."
    )
    gates: list[GateResult]
    warnings: list[str] = Field(description="What a reader must know, in plain words.")
    verdict: Literal["passed", "warned", "failed"]
    outputs: list[OutputFile]
    passes: list[PassRecord]

    def to_json(self) -> str:
        """Indented JSON with the aliases of the contract (`in`)."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"
