"""The `balance` section: demographic counts and weights."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from isinglass.schemas.config.base import Section

SUM_TOLERANCE = 1e-9


class AxisConfig(Section):
    """The target of one demographic axis."""

    target: Literal["parity"] | dict[str, float] = Field(
        "parity", description="`parity`, or the share wished for each group (sum 1)."
    )
    units: Literal["mentions", "documents", "capped"] = Field(
        "mentions",
        description="What a share counts: mentions, documents with a mention, or "
        "mentions up to `cap` a document.",
    )
    cap: int = Field(20, ge=1, description="Most mentions that count, with `capped`.")

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> AxisConfig:
        if isinstance(self.target, dict):
            total = sum(self.target.values())
            if len(self.target) == 1 or abs(total - 1.0) > SUM_TOLERANCE:
                raise ValueError(
                    f"target shares must be of several groups and sum to 1, not {total}"
                )
            if any(share < 0 for share in self.target.values()):
                raise ValueError("target shares must not be negative")
        return self


class BalanceConfig(Section):
    """Weights that move a corpus to target shares with the least change."""

    axes: dict[str, AxisConfig] = Field(
        default_factory=lambda: {"gender": AxisConfig()},
        description="Axes of the lexicon that are balanced.",
    )
    distance: Literal["chi2", "kl", "logit"] = Field(
        "chi2",
        description="chi2 keeps the effective sample size largest (Kish); kl is "
        "entropy balancing, without bounds; logit is smooth and bounded.",
    )
    bounds: tuple[float, float] = Field(
        (0.1, 4.0), description="Least and greatest weight (chi2 and logit)."
    )
    on_infeasible: Literal["refuse", "closest"] = Field(
        "closest",
        description="When bounds do not allow the target: refuse, or go as far "
        "towards it as they allow and say so.",
    )
    emit: Literal["weight"] = Field("weight", description="What is written.")

    @model_validator(mode="after")
    def _bounds_hold_one(self) -> BalanceConfig:
        low, high = self.bounds
        if not 0.0 <= low < 1.0 < high:
            msg = f"bounds must satisfy 0 <= low < 1 < high, not {low}, {high}"
            raise ValueError(msg)
        return self
