"""The `balance` section: demographic counts and weights."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from isinglass.schemas.config.base import Section

SUM_TOLERANCE = 1e-9


class LimitsConfig(Section):
    """Shares that groups of an axis must not go above or below."""

    cap: dict[str, float] = Field(
        default_factory=dict, description="Greatest share of each group named."
    )
    floor: dict[str, float] = Field(
        default_factory=dict, description="Least share of each group named."
    )

    @model_validator(mode="after")
    def _shares_fit(self) -> LimitsConfig:
        if not self.cap and not self.floor:
            raise ValueError("name a group under cap or floor")
        for kind, shares in (("cap", self.cap), ("floor", self.floor)):
            for group, share in shares.items():
                if not 0.0 <= share <= 1.0:
                    raise ValueError(f"{kind} of {group} must be 0 to 1, not {share}")
        if sum(self.floor.values()) > 1.0 + SUM_TOLERANCE:
            total = sum(self.floor.values())
            raise ValueError(f"floors must sum to 1 at most, not {total:g}")
        for group in sorted(set(self.cap) & set(self.floor)):
            if self.floor[group] > self.cap[group]:
                raise ValueError(f"the floor of {group} is above its cap")
        return self


def _form(target: Any) -> str:
    """Which form of a target it is; refusals leave such names out of a location."""
    limits = isinstance(target, LimitsConfig) or (
        isinstance(target, dict) and not {"cap", "floor"}.isdisjoint(target)
    )
    return "dict[limits]" if limits else "dict[shares]"


Shares = Annotated[Literal["parity"] | dict[str, float], Tag("dict[shares]")]
Limits = Annotated[LimitsConfig, Tag("dict[limits]")]


class AxisConfig(Section):
    """The target of one demographic axis."""

    target: Annotated[Shares | Limits, Discriminator(_form)] = Field(
        "parity",
        description="`parity` of the groups that have terms in pairs, or of all groups "
        "of an axis without pairs; the share wished for each of some (sum 1); or `cap` "
        "and `floor` with shares of groups.",
    )
    units: Literal["mentions", "documents", "capped"] = Field(
        "mentions",
        description="What a share counts: mentions, documents with a mention, or "
        "mentions up to `cap` a document.",
    )
    cap: int = Field(20, ge=1, description="Most mentions that count, with `capped`.")

    @property
    def shares(self) -> dict[str, float]:
        """The shares that are named; none for parity and for limits."""
        return self.target if isinstance(self.target, dict) else {}

    def with_parity(self, groups: tuple[str, ...]) -> AxisConfig:
        """The same target, with parity said in shares of these groups."""
        if self.target != "parity":
            return self
        shares = dict.fromkeys(groups, 1.0 / len(groups))
        return self.model_copy(update={"target": shares})

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> AxisConfig:
        if isinstance(self.target, dict):
            total = sum(self.target.values())
            if len(self.target) == 1 or not abs(total - 1.0) <= SUM_TOLERANCE:
                raise ValueError(
                    f"target shares must be of several groups and sum to 1, not {total}"
                )
            if any(share < 0 for share in self.target.values()):
                raise ValueError("target shares must not be negative")
        return self


class BalanceConfig(Section):
    """Weights that move a corpus to target shares with the least change."""

    axes: dict[str, AxisConfig] = Field(
        default_factory=lambda: {
            "gender": AxisConfig(target={"female": 0.5, "male": 0.5})
        },
        description="Axes of the lexicon that are balanced; as many women as men if "
        "none is named.",
    )
    ambiguous: bool = Field(
        default=False,
        description="Count ambiguous terms whose precision is not known, too.",
    )
    units: Literal["documents", "tokens"] = Field(
        "documents",
        description="What weights are closest to 1 for: documents, or words, as "
        "tokens are not counted yet; then the mean weight of a word is 1.",
    )
    within: Literal["none", "source", "language"] = Field(
        "none",
        description="Keep the mean weight at 1 in each source or language, so that "
        "their shares stay as they are.",
    )
    targets: Literal["overall", "each"] = Field(
        "overall",
        description="With `within`: whether targets hold over all documents, or in "
        "each source or language.",
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
    emit: Literal["weight", "copies", "keep"] = Field(
        "weight",
        description="What is written besides `balance_weight`: how often to repeat a "
        "document, or whether it is in a sample without weights.",
    )
    seed: int = Field(0, ge=0, description="Of `copies` and `keep`.")

    @model_validator(mode="after")
    def _bounds_hold_one(self) -> BalanceConfig:
        low, high = self.bounds
        if not 0.0 <= low < 1.0 < high:
            msg = f"bounds must satisfy 0 <= low < 1 < high, not {low}, {high}"
            raise ValueError(msg)
        if not self.axes:
            raise ValueError("axes names no axis; name one, or remove `balance`")
        if self.targets == "each" and self.within == "none":
            raise ValueError("targets: each needs within: source or language")
        return self
