"""The `decontaminate` section: evaluation texts that must not be in the corpus."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from isinglass.schemas.config.base import Local, Section


class DecontaminateConfig(Section):
    """Finds documents that hold an evaluation text. A plain list names the files.

    Documents are searched as they came in, before boilerplate is cut. In scripts
    without spaces three characters count as a word.
    """

    files: tuple[Local, ...] = Field(
        min_length=1,
        description="Evaluation sets in any input format; each record is one item.",
    )
    column: str = Field("text", description="Column that holds the text of an item.")
    ngram: int = Field(
        13, ge=2, le=100, description="Words in a row that make a candidate."
    )
    min_words: int = Field(
        13, ge=2, description="Least length of the longest verbatim match, in words."
    )
    min_share: float = Field(
        0.0, ge=0.0, le=1.0, description="Least share of the item that it covers."
    )
    action: Literal["drop", "flag"] = Field(
        "drop", description="drop: leave the document out; flag: keep it and say so."
    )

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, value: Any) -> Any:
        return {"files": value} if isinstance(value, list | tuple) else value

    @model_validator(mode="after")
    def _match_holds_an_ngram(self) -> DecontaminateConfig:
        if self.min_words < self.ngram:
            raise ValueError(
                f"min_words is {self.min_words}: a match shorter than ngram "
                f"({self.ngram}) cannot be found; lower ngram or raise min_words"
            )
        return self
