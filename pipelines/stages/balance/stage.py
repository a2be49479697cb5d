"""Weights by which mentions of groups reach their targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from isinglass.pipelines.stage import Closed, Stage, Story, Verdict, no_drops
from isinglass.pipelines.stages.balance import report
from isinglass.pipelines.stages.balance.weights import (
    balance_summary,
    check_weights,
    solve_weights,
)
from isinglass.pipelines.stages.demographics.kept import groups_of, kept_documents
from isinglass.schemas.config import BalanceConfig, RunConfig
from isinglass.schemas.errors import ConfigError
from isinglass.schemas.reasons import Outcome
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.balance.solve import axes_of

if TYPE_CHECKING:
    from isinglass.pipelines.explain.folder import RunFolder
    from isinglass.pipelines.proof.check import Check, FinishedRun
    from isinglass.pipelines.stage import Closing, Driver, Site, Standing


@dataclass(frozen=True)
class Balance(Stage):
    """The `balance` section."""

    config: BalanceConfig

    name: ClassVar[str] = "balance"
    needs: ClassVar[tuple[str, ...]] = ("demographics",)
    place: ClassVar[int] = 61

    def prepare(self, site: Site) -> Balance:
        """Refuse axes and groups that no lexicon has."""
        if not site.config.survey.count_mentions:
            raise ConfigError("balance needs survey.count_mentions: true.")
        groups = groups_of(site.config, site.base)
        axes_of(np.zeros((0, len(groups)), np.int32), groups, self.config)
        return self

    def scaled(self, share: float) -> Balance:
        """A sample may be too far from its targets."""
        del share
        closest = {"on_infeasible": "closest"}
        return Balance(self.config.model_copy(update=closest))

    def decide(self, driver: Driver, standing: Standing) -> Verdict:
        """A weight for every document that stays."""
        weights = solve_weights(driver, self.config, standing.open)
        return Verdict(no_drops(len(standing.open)), facts={"weight": weights})

    def close(self, closing: Closing) -> Closed:
        """Shares before and after weighting, over the documents really kept."""
        kept = kept_documents(closing.workspace, closing.driver.shard_ids)
        summary = balance_summary(
            self.config, closing.workspace, kept, groups_of(closing.driver.config)
        )
        return Closed(manifest={"balance": summary})

    @classmethod
    def warns(
        cls, config: RunConfig, told: Mapping[str, Any], statistics: Sequence[Statistic]
    ) -> list[str]:
        """Targets that no weights within the bounds reach."""
        del config, statistics
        return [
            f"The target of axis {axis} cannot be reached within the bounds; the "
            "nearest weights were taken."
            for axis, summary in told.get("balance", {}).items()
            if not summary.feasible
        ]

    @classmethod
    def prove(cls, run: FinishedRun) -> list[Check]:
        """The weights of `data/` are those of the manifest."""
        return [check_weights(run)]

    @classmethod
    def story(
        cls, run: RunFolder, row: Mapping[str, Any], *, full: bool
    ) -> Story | None:
        """The weight of a kept document; None if there is none."""
        del full
        column, weight = "balance_weight", None
        if row["outcome"] == Outcome.KEPT:
            doc_id = row["doc_id"]
            data = run.rows(row["shard"], "data", doc_id, ["doc_id", column])
            weight = data[0][column] if data else None
        lines = () if weight is None else (("weight", f"{weight:.6g}"),)
        return Story({"record": {column: weight}}, lines)

    section = staticmethod(report.section)
    line = staticmethod(report.line)
