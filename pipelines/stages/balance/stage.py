"""Weights by which mentions of groups reach their targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pyarrow as pa

from isinglass.pipelines.stage import (
    Closed,
    Record,
    Stage,
    Story,
    Verdict,
    no_drops,
)
from isinglass.pipelines.stages.balance import report
from isinglass.pipelines.stages.balance.proof import check_weights
from isinglass.pipelines.stages.balance.sample import sample_lines
from isinglass.pipelines.stages.balance.summary import summarise
from isinglass.pipelines.stages.balance.warnings import warnings
from isinglass.pipelines.stages.balance.weights import (
    COLUMNS,
    Drawn,
    open_drawn,
    solve_weights,
)
from isinglass.pipelines.stages.demographics.kept import lexicons_of
from isinglass.schemas.config import BalanceConfig, RunConfig
from isinglass.schemas.errors import ConfigError
from isinglass.schemas.reasons import Outcome
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.balance.axes import axes_of

if TYPE_CHECKING:
    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.pipelines.explain.folder import RunFolder
    from isinglass.pipelines.proof.check import Check, FinishedRun
    from isinglass.pipelines.stage import Closing, Driver, Site, Standing
    from isinglass.transforms.edits import Applied


@dataclass(frozen=True)
class Balance(Stage):
    """The `balance` section."""

    config: BalanceConfig

    name: ClassVar[str] = "balance"
    needs: ClassVar[tuple[str, ...]] = ("demographics",)
    place: ClassVar[int] = 61

    def prepare(self, site: Site) -> Balance:
        """Refuse axes and groups that no lexicon has, and say what parity means."""
        if not site.config.survey.count_mentions:
            raise ConfigError("balance needs survey.count_mentions: true.")
        lexicons = lexicons_of(site.config, site.base)
        nothing = np.zeros((0, len(lexicons.groups)), np.int32)
        axes_of(nothing, lexicons.groups, self.config)
        axes = {}
        for name, axis in self.config.axes.items():
            groups = lexicons.comparable(name)
            if axis.target == "parity" and len(groups) == 1:
                raise ConfigError(
                    f"balance.axes.{name}.target: parity of {groups[0]} alone; name "
                    "shares of several groups."
                )
            axes[name] = axis.with_parity(groups)
        return Balance(self.config.model_copy(update={"axes": axes}))

    def resolved(self) -> Mapping[str, Any]:
        """Parity is said in shares."""
        return {"balance": self.config}

    def scaled(self, share: float) -> Balance:
        """A sample may be too far from its targets."""
        del share
        closest = {"on_infeasible": "closest"}
        return Balance(self.config.model_copy(update=closest))

    def sample_says(self, driver: Driver) -> Sequence[str]:
        """Whether the sample reaches the targets."""
        axes, _ = summarise(self.config, driver)
        return tuple(sample_lines(self.config, axes))

    def fields(self, table: Literal["survey", "data"]) -> tuple[pa.Field, ...]:
        """How often to repeat a document, or whether it is kept, if that is asked."""
        column = COLUMNS.get(self.config.emit)
        return () if table == "survey" or column is None else (column,)

    def open(
        self, phase: Literal["survey", "clean"], workspace: Workspace
    ) -> Drawn | None:
        """What was drawn of each document."""
        if phase == "survey" or self.config.emit == "weight":
            return None
        return open_drawn(workspace)

    def decide(self, driver: Driver, standing: Standing) -> Verdict:
        """A weight for every document that stays."""
        weights, commit = solve_weights(driver, self.config, standing.open)
        leaves = () if self.config.emit == "weight" else (commit,)
        drops = no_drops(len(standing.open))
        return Verdict(drops, facts={"weight": weights}, leaves=leaves)

    def wants_texts(self, doc_ids: pa.StringArray) -> bool:
        """Nothing is read in the texts."""
        del doc_ids
        return False

    def record(self, state: Drawn | None, applied: Applied, note: Any) -> Record:
        """Look up what kept documents drew."""
        del note
        if state is None:
            return Record()
        (column,) = self.fields("data")
        values = pa.array(state.of(applied.doc_ids)).cast(column.type)
        return Record({column.name: values})

    def close(self, closing: Closing) -> Closed:
        """Shares before and after weighting, over the documents really kept."""
        axes, weights = summarise(self.config, closing.driver)
        return Closed(manifest={"balance": axes, "weights": weights})

    @classmethod
    def warns(
        cls, config: RunConfig, told: Mapping[str, Any], statistics: Sequence[Statistic]
    ) -> list[str]:
        """Targets that are not met, and what rests on too little."""
        del config, statistics
        return warnings(told.get("balance", {}), told.get("weights"))

    @classmethod
    def prove(cls, run: FinishedRun) -> list[Check]:
        """The weights of `data/` are those of the manifest."""
        return [check_weights(run)]

    @classmethod
    def story(
        cls, run: RunFolder, row: Mapping[str, Any], *, full: bool
    ) -> Story | None:
        """Weight, copies or whether it is kept, of a kept document; None for none."""
        del full
        balance = run.manifest["config"].get("balance") or {}
        column = COLUMNS.get(balance.get("emit", "weight"))
        names = ["balance_weight", *([column.name] if column else [])]
        found = dict.fromkeys(names)
        if row["outcome"] == Outcome.KEPT:
            data = run.rows(row["shard"], "data", row["doc_id"], ["doc_id", *names])
            found = {name: data[0][name] for name in names} if data else found
        told = [
            (n.removeprefix("balance_"), v) for n, v in found.items() if v is not None
        ]
        return Story({"record": found}, [(name, _shown(v)) for name, v in told])

    section = staticmethod(report.section)
    line = staticmethod(report.line)
    advice = staticmethod(report.advice)


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value).lower()
