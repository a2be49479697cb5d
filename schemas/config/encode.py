"""The `encode` section: token ids and embeddings of the kept documents."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from isinglass.schemas.config.base import Local, Section


class PackedConfig(Section):
    """Rows of fixed length that several documents share, for training."""

    length: int = Field(2048, ge=16, le=131_072, description="Most tokens of a row.")
    end_token: str | None = Field(
        None, description="Put behind every document, such as `<|endoftext|>`."
    )


class MegatronConfig(Section):
    """Files `.bin` and `.idx` as Megatron-LM reads them."""

    end_token: str | None = Field(
        None, description="Put behind every document, such as `<|endoftext|>`."
    )


class SemanticConfig(Section):
    """Clusters, near-duplicates in meaning and outliers; nothing is removed."""

    clusters: int | None = Field(
        None, ge=2, le=100_000, description="Default: by the number of documents."
    )
    sample: int = Field(
        50_000, ge=100, description="Documents that the clusters are fitted on."
    )
    iterations: int = Field(10, ge=1, le=1000, description="Rounds of k-means.")
    duplicates: float = Field(
        0.95,
        gt=0,
        le=1,
        description="Least cosine of two documents that are called near-duplicates.",
    )
    terms: bool = Field(
        default=True,
        description="Show the words that tell a cluster from the others. Only words of "
        "several documents are shown, but a name can be in several.",
    )
    largest: int = Field(
        10_000,
        ge=100,
        description="A cluster of more documents is split before pairs are compared.",
    )


class EraseConceptConfig(Section):
    """Vectors from which no linear predictor tells the groups of an axis."""

    axis: str = Field(description="Axis of the lexicons, such as `gender`.")
    groups: tuple[str, ...] = Field(
        (),
        description="Groups of the axis; by default those that can be compared, as for "
        "`parity` of `balance`.",
    )


class EncodeConfig(Section):
    """Tokenisation and encoding."""

    tokenizer: Local = Field(
        "minilm",
        description="`minilm` (the packaged one), a folder or file, or a hub name.",
    )
    model: Local = Field(
        "minilm", description="`minilm`, a folder with safetensors, or a hub name."
    )
    allow_download: bool = Field(
        default=False, description="Fetch a hub name that is not in the local cache."
    )
    revision: str | None = Field(None, description="Commit, tag or branch on the hub.")
    special_tokens: bool = Field(
        default=True, description="Open and close documents with special tokens."
    )
    windows: Literal["all", "truncate", "window"] = Field(
        "all",
        description="`all`: every id in `tokens/`, vectors of the first max_tokens; "
        "`truncate`: both of the first max_tokens; `window`: a row for each window.",
    )
    max_tokens: int = Field(
        256, ge=8, le=131_072, description="Tokens that the encoder sees at a time."
    )
    stride: int = Field(0, ge=0, description="Tokens that neighbouring windows share.")
    tokenizer_backend: Literal["auto", "reference"] = Field(
        "auto", description="`auto`: a fast library where its ids are the reference's."
    )
    verify_tokenizer: float = Field(
        0.001,
        ge=0,
        le=1,
        description="Share of documents whose ids are compared with the reference.",
    )
    tokens: bool = Field(default=True, description="Write `tokens/`.")
    masks: bool = Field(
        default=False, description="Add a mask of special tokens to `tokens/`, for MLM."
    )
    word_ids: bool = Field(
        default=False, description="Add the word of each token to `tokens/`."
    )
    packed: PackedConfig | None = Field(
        None, description="Write `packed/`: rows of fixed length."
    )
    megatron: MegatronConfig | None = Field(
        None, description="Write `megatron/`: `.bin` and `.idx`."
    )
    embeddings: Literal["pooled", "none"] = Field(
        "pooled", description="Write `embeddings/`, one vector a row, or not."
    )
    embedding_type: Literal["float32", "float16"] = Field(
        "float32",
        description="float32 lists, or float16 as fixed-size binary: half the bytes.",
    )
    hidden_states: bool = Field(
        default=False,
        description="Write `hidden_states/`: a float16 vector for each token; hundreds "
        "of times the size of the text.",
    )
    pooling: Literal["auto", "mean", "cls", "pooler"] = Field(
        "auto", description="`auto`: as the model's own files say, else mean."
    )
    normalise: bool = Field(default=True, description="Unit-length embeddings.")
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="`auto`: float32 on a CPU, bfloat16 on a GPU."
    )
    device: str = Field(
        "auto",
        pattern=r"^(auto|cpu|cuda|cuda:\d+)$",
        description="`auto`, `cpu`, `cuda` or `cuda:N`.",
    )
    batch_tokens: int = Field(
        32_768,
        ge=256,
        description="Most tokens in one forward pass on a GPU; a CPU takes fewer.",
    )
    semantic: SemanticConfig | None = Field(
        None, description="Clusters and near-duplicates in meaning, for the report."
    )
    erase_concept: EraseConceptConfig | None = Field(
        None, description="Write `embeddings_erased/` besides, without a concept."
    )

    @model_validator(mode="after")
    def _check_combinations(self) -> EncodeConfig:
        if self.stride and self.windows != "window":
            msg = f"stride {self.stride} needs windows: window, not {self.windows}"
            raise ValueError(msg)
        if self.stride >= self.max_tokens:
            raise ValueError(
                f"stride {self.stride} must be less than max_tokens "
                f"{self.max_tokens}, or the windows do not move on"
            )
        if self.embeddings == "none" and not (
            self.tokens or self.packed or self.megatron
        ):
            msg = "nothing would be written: tokens is false and embeddings none"
            raise ValueError(msg)
        for what in ("semantic", "hidden_states", "erase_concept"):
            if self.embeddings == "none" and getattr(self, what):
                raise ValueError(f"{what} needs the encoder: set embeddings to pooled")
        if not self.tokens and (self.masks or self.word_ids):
            what = "masks" if self.masks else "word_ids"
            raise ValueError(f"{what} are columns of tokens/: set tokens to true")
        return self
