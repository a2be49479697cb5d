"""The manifest's part on token ids, vectors and what was seen in them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from isinglass.schemas.config.base import Section


class TokenizerUse(Section):
    """How texts became ids, and how that was checked."""

    backends: list[str] = Field(description="Libraries with version, most used first.")
    documents_compared: int = Field(
        ge=0, description="Documents whose ids were compared with the reference's."
    )
    documents_by_reference: int = Field(
        ge=0,
        description="Documents that went to the reference because they hold characters "
        "on which the fast library is known to differ.",
    )
    fell_back: bool = Field(
        description="A compared document had other ids: all were done again by the "
        "reference."
    )


class EncoderUse(Section):
    """How ids became vectors."""

    devices: list[str]
    precision: list[str]
    attention: list[str]
    pooling: list[str]


class PackedSummary(Section):
    """Rows of fixed length that several documents share."""

    length: int = Field(ge=1)
    rows: int = Field(ge=0)
    tokens: int = Field(ge=0)
    fill: float = Field(ge=0, le=1, description="tokens / (rows x length).")


class MegatronSummary(Section):
    """Files that Megatron-LM reads."""

    dtype: Literal["uint16", "int32"]
    sequences: int = Field(ge=0)
    tokens: int = Field(ge=0)


class EncodeSummary(Section):
    """What the encode pass wrote."""

    documents: int = Field(ge=0)
    rows: int = Field(ge=0, description="Documents, or windows of documents.")
    tokens: int = Field(ge=0)
    dimensions: int = Field(ge=0, description="0 when no embeddings were written.")
    truncated_documents: int = Field(
        ge=0,
        description="Documents of which the encoder saw, or `tokens/` holds, only the "
        "first tokens.",
    )
    tokenizer: TokenizerUse
    encoder: EncoderUse | None = None
    packed: PackedSummary | None = None
    megatron: MegatronSummary | None = None
    hidden_states: int = Field(0, ge=0, description="Tokens whose vector was written.")


class SemanticRecall(Section):
    """Near-duplicates of sampled documents among all, and how many clusters hide.

    Only documents of one cluster (and of one part of a large cluster) are compared, so
    pairs across the borders are missed. Sampled documents are compared with every
    document to count them.
    """

    documents: int = Field(ge=0, description="Sampled documents.")
    with_pairs: int = Field(ge=0, description="Those with a near-duplicate anywhere.")
    found: int = Field(ge=0, description="Those of them with one in their own part.")
    pairs: int = Field(ge=0, description="Pairs of a sampled document and any other.")
    pairs_found: int = Field(ge=0, description="Those of them inside of one part.")
    recall: float | None = Field(description="found / with_pairs; None of none.")
    low: float | None = Field(description="Wilson interval, 95 %.")
    high: float | None


class SemanticSummary(Section):
    """Clusters and near-duplicates in meaning; nothing was removed for them."""

    documents: int = Field(ge=0)
    clusters: int = Field(ge=0)
    fitted_on: int = Field(ge=0, description="Documents that the clusters rest on.")
    threshold: float
    near_duplicates: int = Field(
        ge=0, description="Documents with a near-duplicate in meaning that comes first."
    )
    recall: SemanticRecall
    without_cluster: dict[str, int] = Field(
        description="Documents that went in and have no cluster, by reason."
    )


class ErasedGroup(Section):
    """A group, and how well its mentions can be told from vectors.

    Probes are trained on held-out rows and try to tell others of them. The eraser of
    `after` was fitted on the rows that are not held out. As many rows mention the group
    as do not, so that a guess is right for half of them. None: too few rows to probe.
    """

    group: str
    rows: int = Field(ge=0, description="Rows of documents that mention it.")
    erased: bool = Field(description="False: too few or nearly all rows mention it.")
    probed: int | None = Field(None, description="Rows that were to be told.")
    linear_before: int | None = Field(None, description="Told by a linear probe.")
    linear_after: int | None = None
    nearest_before: int | None = Field(
        None, description="Told by nearest neighbours, of which LEACE claims nothing."
    )
    nearest_after: int | None = None


class AssociationShift(Section):
    """How words in sentences go together, by the run's encoder: WEAT's effect size."""

    test: str
    title: str
    before: float
    after: float = Field(description="Of the erased vectors of the same sentences.")


class LeaceSummary(Section):
    """A concept that was erased from copies of the vectors, and what it cost."""

    axis: str
    groups: list[ErasedGroup]
    rows: int = Field(ge=0, description="Vectors that were erased.")
    fitted_on: int = Field(
        ge=0, description="Those of them in languages with a lexicon of the axis."
    )
    held_out: int = Field(ge=0, description="Of these, held out for the probes.")
    dimensions: int = Field(ge=0)
    rank: int = Field(ge=0, description="Dimensions that were taken out.")
    covariance_before: float = Field(
        description="Greatest covariance of a value with a mention, in absolute value."
    )
    covariance_after: float
    variance_taken: float = Field(description="Share of the variance of the vectors.")
    neighbours: int = Field(
        ge=0, description="The 10 nearest neighbours of sampled rows, all together."
    )
    neighbours_kept: int = Field(ge=0, description="Of these, near after erasing, too.")
    associations: list[AssociationShift] = Field(
        default_factory=list,
        description="In English sentences of packaged tests, about the axis or not.",
    )
