"""Weights solved once for all documents, and what each document draws by its weight."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from isinglass.pipelines.engine.commits import UnitOutputs, outputs_digest_input
from isinglass.pipelines.engine.mapped_tables import WORDS, id_words, read_survey
from isinglass.pipelines.engine.passes import run_step
from isinglass.pipelines.engine.workspace import (
    Workspace,
    map_array,
    read_array,
    read_json,
)
from isinglass.pipelines.stages.demographics.kept import groups_of
from isinglass.schemas.arrays import Flags, Words
from isinglass.schemas.commit import Commit
from isinglass.schemas.config import BalanceConfig
from isinglass.schemas.errors import ReconcileError
from isinglass.schemas.tables import DRAWN
from isinglass.transforms.balance.axes import balanced_columns
from isinglass.transforms.balance.cells import Part, gather
from isinglass.transforms.balance.draw import copies, keep, uniforms
from isinglass.transforms.balance.solve import solve
from isinglass.transforms.demographics.counts import read_mentions
from isinglass.transforms.read.identity import doc_id_words, format_doc_ids

if TYPE_CHECKING:
    from isinglass.pipelines.stage import Driver

LOGGER = logging.getLogger(__name__)

BALANCE = "balance"
FILE = "balance.json"
_WEIGHTS, _IDS, _DRAWN = "weights.npy", "ids.npy", "drawn.npy"
COLUMNS = {
    "copies": pa.field(DRAWN[0], pa.int32(), nullable=False),
    "keep": pa.field(DRAWN[1], pa.bool_(), nullable=False),
}
"""Column of `data/`, by what is emitted besides the weight."""


def solve_weights(
    driver: Driver, config: BalanceConfig, kept: Flags
) -> tuple[pa.Array, Commit]:
    """Solve the weights of the documents that stay, unless that is done already.

    They are float64 (n,), null for documents that are not `kept`, bool (n,).
    """
    workspace = driver.workspace

    def make(outputs: UnitOutputs) -> dict[str, int]:
        groups = groups_of(driver.config)
        columns = balanced_columns(groups, config)
        names = [groups[column] for column in columns]
        cells, cell = gather(_parts(driver, config, columns, kept), names, config)
        solution = solve(cells, config)
        own = solution.weights[cell]
        weights = np.full(driver.documents, np.nan)
        weights[kept] = own
        outputs.write_array(workspace.mapped(BALANCE, _WEIGHTS), weights)
        greatest = float(own.max()) if len(own) else 1.0
        if config.emit != "weight":
            _write_drawn(driver, config, outputs, weights, greatest)
        found = {
            "feasible": solution.feasible,
            "reachable": solution.reachable,
            "together": solution.together,
            "missed": solution.missed,
            "exact": cells.exact,
            "greatest": greatest,
        }
        path = workspace.mapped(BALANCE, FILE)
        outputs.write_bytes(path, json.dumps(found, sort_keys=True))
        return {"records_in": driver.documents, "kept": int(kept.sum())}

    identity = [
        outputs_digest_input(list(driver.surveys.values())),
        hashlib.sha256(np.packbits(kept).tobytes()).hexdigest(),
        config.model_dump(),
        driver.code,
    ]
    commit = run_step(driver.session, BALANCE, identity, make)
    weights = read_array(workspace.mapped(BALANCE, _WEIGHTS))
    if config.emit == "keep" and kept.any():
        greatest = read_json(workspace.mapped(BALANCE, FILE))["greatest"]
        LOGGER.warning(
            "balance: emit: keep keeps about %.1f %% of the documents in the sample, "
            "as the greatest weight is %.2f.",
            100.0 * float(np.nanmean(weights)) / greatest,
            greatest,
        )
    return pa.array(weights, from_pandas=True), commit


def _parts(
    driver: Driver, config: BalanceConfig, columns: Sequence[int], kept: Flags
) -> Callable[[], Iterator[Part]]:
    """The documents that stay, shard by shard, with the columns that are balanced.

    Only mentions count that are sure: by terms that are neither ambiguous nor words
    which people would not want to be called.
    """

    def parts() -> Iterator[Part]:
        for place in driver.places:
            names = ["mentions", "covered", "words", "source", "language"]
            survey = read_survey(driver.workspace, [place], names)
            own = kept[place.start : place.stop]
            mentions = read_mentions(survey).filter(own)
            labels = pa.repeat(pa.scalar("", pa.string()), int(own.sum()))
            if config.within != "none":
                labels = survey[config.within].filter(pa.array(own)).combine_chunks()
            counts = mentions.dense(columns, firm=not config.ambiguous)
            yield Part(counts, mentions.words, labels)

    return parts


def _write_drawn(
    driver: Driver,
    config: BalanceConfig,
    outputs: UnitOutputs,
    weights: np.ndarray,
    greatest: float,
) -> None:
    """Ids of all documents that have a weight, sorted, and what each one draws."""
    ids, drawn = [np.zeros((0, 2), np.uint64)], [np.zeros(0, np.int32)]
    for place in driver.places:
        own = weights[place.start : place.stop]
        chosen = np.isfinite(own)
        words = id_words(read_survey(driver.workspace, [place], WORDS))[chosen]
        u = uniforms(format_doc_ids(words), config.seed)
        ids.append(words)
        drawn.append(draw(config, own[chosen], u, greatest).astype(np.int32))
    every = np.concatenate(ids)
    order = np.lexsort((every[:, 1], every[:, 0]))
    workspace = driver.workspace
    outputs.write_array(workspace.mapped(BALANCE, _IDS), every[order])
    outputs.write_array(workspace.mapped(BALANCE, _DRAWN), np.concatenate(drawn)[order])


def draw(
    config: BalanceConfig, weights: np.ndarray, u: np.ndarray, greatest: float
) -> np.ndarray:
    """Copies, int32 (n,), or which documents are kept, bool (n,)."""
    if config.emit == "copies":
        return copies(weights, u)
    return keep(weights, u, greatest)


class Drawn(NamedTuple):
    """Sorted ids (n, 2) of documents, and what each draws, int32 (n,)."""

    ids: Words
    values: np.ndarray

    def of(self, doc_ids: pa.StringArray) -> np.ndarray:
        """What documents draw, int32 (k,).

        Raises:
            ReconcileError: A document has no weight.
        """
        asked = doc_id_words(doc_ids)
        place = np.searchsorted(self.ids[:, 0], asked[:, 0])
        while True:
            if (place >= len(self.ids)).any():
                raise ReconcileError(
                    "balance: a document is kept that has no weight. Run again."
                )
            # Ids that differ only in their second half stand side by side.
            other = (self.ids[place] != asked).any(axis=1)
            if not other.any():
                return np.asarray(self.values[place])
            place = place + other


def open_drawn(workspace: Workspace) -> Drawn:
    """Map what documents draw into memory."""
    ids, values = (workspace.mapped(BALANCE, name) for name in (_IDS, _DRAWN))
    return Drawn(map_array(ids), map_array(values))
