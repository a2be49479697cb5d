"""Evaluation items: who was dropped names one, and they are counted alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.compute as pc

from isinglass.pipelines.proof.check import COUNTS, EVIDENCE, conclude
from isinglass.schemas.reasons import DropReason

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import Check, FinishedRun

_LEDGER = ["reason", "evaluation_item"]


def prove(run: FinishedRun) -> list[Check]:
    """The items that the ledger names."""
    faults, documents = [], 0
    for shard, ledger in run.each("ledger", _LEDGER):
        items = ledger["evaluation_item"]
        documents += len(items) - items.null_count
        reason = DropReason.CONTAMINATED.value
        if items.filter(pc.equal(ledger["reason"], reason)).null_count:
            fault = f"ledger/{shard} drops for an evaluation item, but names none"
            faults.append(fault)
    told = run.manifest.decontamination
    different = documents != (told.documents if told is not None else 0)
    counts = (
        ["ledger and manifest count different evaluation items"] if different else []
    )
    return [conclude(EVIDENCE, faults, ""), conclude(COUNTS, counts, "")]
