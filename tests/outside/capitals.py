"""A stage from outside that does a little of everything, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.proof.check import Check, FinishedRun, conclude
from isinglass.pipelines.report.blocks import Paragraph, Section
from isinglass.pipelines.stage import (
    Closed,
    Closing,
    Driver,
    Record,
    Stage,
    Standing,
    Story,
    Verdict,
    no_drops,
)
from isinglass.schemas.config import GateConfig, RunConfig
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.edits import NO_KEY, Applied, Edits, View, Written, spans_of

if TYPE_CHECKING:
    from isinglass.pipelines.explain.folder import RunFolder
    from isinglass.pipelines.report.model import ReportData
    from isinglass.schemas.manifest import Manifest
    from isinglass.transforms.seen import Seen

SHARE = "capitals_share"
MOST = 0.9


def share_of_capitals(texts: pa.StringArray) -> np.ndarray:
    """Share of the letters A to Z of each text that are capitals."""
    small = pc.utf8_length(pc.replace_substring_regex(texts, "[^a-z]", ""))
    large = pc.utf8_length(pc.replace_substring_regex(texts, "[^A-Z]", ""))
    counts = np.stack([small.to_numpy(), large.to_numpy()]).astype(np.float64)
    return np.asarray(counts[1] / np.maximum(counts.sum(axis=0), 1.0))


@dataclass(frozen=True)
class Capitals(Stage):
    """Drops documents in capitals, cuts a word out of others, and says so everywhere.

    Attributes:
        word: What is cut out.
        most: Largest share of capitals that stays.
    """

    word: str = "candle"
    most: float = 0.5

    name: ClassVar[str] = "capitals"
    edits: ClassVar[Literal["", "cut", "edit"]] = "edit"
    metrics: ClassVar[tuple[str, ...]] = ("capitals.dropped",)
    reasons: ClassVar[Mapping[str, str]] = {
        "capitals.shouting": "Most of its letters are capitals."
    }

    def fields(self, table: Literal["survey", "data"]) -> tuple[pa.Field, ...]:
        del table
        return (pa.field(SHARE, pa.float64(), nullable=False),)

    def survey(self, state: Any, seen: Seen) -> Mapping[str, pa.Array]:
        del state
        return {SHARE: pa.array(share_of_capitals(seen.texts))}

    def decide(self, driver: Driver, standing: Standing) -> Verdict:
        drops = no_drops(len(standing.open))
        drops[driver.survey(SHARE)[SHARE].to_numpy() > self.most] = 0
        rule = pc.if_else(pa.array(drops == 0), f"capitals>{self.most:g}", None)
        return Verdict(drops, ("capitals.shouting",), {"rule": rule})

    def edit(self, state: Any, view: View) -> Edits:
        del state
        places = []
        for row, text in enumerate(view.texts.to_pylist()):
            start = text.find(self.word)
            while start >= 0:
                places.append((row, start, start + len(self.word)))
                start = text.find(self.word, start + len(self.word))
        spans = view.in_source(spans_of(places, "capitals.word", "capitals"))
        return Edits(spans, cut_out)

    def record(self, state: Any, applied: Applied, note: Any) -> Record:
        del state, note
        shares = share_of_capitals(applied.texts)
        worst = [int((shares > MOST).sum()), len(shares)]
        return Record({SHARE: pa.array(shares)}, partials={"loud": worst})

    @classmethod
    def asks(cls, config: RunConfig) -> list[GateConfig]:
        del config
        limit = {"metric": "capitals.dropped", "op": "<=", "value": 0.5}
        return [GateConfig.model_validate({**limit, "severity": "error"})]

    def close(self, closing: Closing) -> Closed:
        gone = closing.counts.get("dropped.capitals.shouting", 0)
        total = closing.counts["records_in"]
        row = Statistic(
            "capitals.dropped",
            gone / max(total, 1),
            "share of records",
            "run",
            numerator=gone,
            denominator=total,
        )
        loud = closing.partials.get("loud", [0, 0])
        return Closed([row], {"dropped": gone, "loud": loud[0]}, shown=gone)

    @classmethod
    def section(cls, data: ReportData) -> Section:
        gone = data.shown["capitals"]
        told = f"{gone} documents were dropped because they shout."
        return Section("capitals", "Capitals", (Paragraph(told),))

    @classmethod
    def line(cls, manifest: Manifest) -> str:
        return f"Capitals: {manifest.stages['capitals'].values['dropped']} dropped"

    @classmethod
    def prove(cls, run: FinishedRun) -> list[Check]:
        faults, seen = [], 0
        for shard, data in run.each("data", ["text", SHARE]):
            again = share_of_capitals(data["text"].combine_chunks())
            seen += data.num_rows
            if not np.array_equal(again, data[SHARE].to_numpy()):
                faults.append(f"data/{shard} has other shares of capitals")
        return [conclude("capitals", faults, f"{seen} texts are not in capitals")]

    @classmethod
    def story(cls, run: RunFolder, row: Mapping[str, Any], *, full: bool) -> Story:
        del full
        data = run.rows(row["shard"], "data", row["doc_id"], ["doc_id", SHARE])
        told = f"{data[0][SHARE]:.3f} of its letters" if data else "too many"
        return Story({"capitals": told}, [("capitals", told)])


def cut_out(entity: str, value: str) -> Written:
    """Nothing takes its place."""
    del entity, value
    return Written("capitals.cut", "", NO_KEY)
