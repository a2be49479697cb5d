"""Earlier runs, and the rank step (driver): equal texts, ranks; theirs come first."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pydantic

from isinglass.pipelines.engine.commits import (
    UnitOutputs,
    is_intact,
    outputs_digest_input,
    read_commit,
)
from isinglass.pipelines.engine.mapped_tables import (
    SURVEY,
    Extent,
    read_survey,
    survey_ids,
)
from isinglass.pipelines.engine.passes import run_step
from isinglass.pipelines.engine.workspace import (
    Workspace,
    exists,
    file_sha256,
    is_folder,
    list_files,
    map_array,
    read_array,
    read_table,
)
from isinglass.pipelines.read_again import read_manifest
from isinglass.schemas.commit import Commit
from isinglass.schemas.config import DedupConfig
from isinglass.schemas.config.base import expanded
from isinglass.schemas.errors import InputError
from isinglass.schemas.manifest import Manifest
from isinglass.transforms.dedup.decide import NO_RANK, READ, Identified, identify
from isinglass.transforms.dedup.survey import families

if TYPE_CHECKING:
    from isinglass.pipelines.stage import Driver

AGAINST = "against"
KEPT = f"{AGAINST}/kept.npy"
"""Which documents of earlier runs were kept, bool, relative to `work/`."""


@dataclass(frozen=True)
class EarlierRun:
    """A finished run whose kept documents are not kept again.

    The folder is absolute, the seal the hash of its checksums. Each shard has a name
    and a number of documents; all have so many fingerprints, 0 without containment.
    """

    folder: str
    run_id: str
    seal: str
    shards: tuple[tuple[str, int], ...]
    fingerprints: int
    kept: int

    @property
    def state(self) -> str:
        """Changes with anything in the run; part of what depends on it."""
        return f"{self.run_id} {self.seal}"

    @property
    def workspace(self) -> Workspace:
        """Its run folder."""
        return Workspace(self.folder)


def open_earlier(dedup: DedupConfig, base: Path) -> tuple[EarlierRun, ...]:
    """Check the runs that `dedup.against` names; relative paths start from `base`.

    Raises:
        InputError: A folder is no finished run with texts, its hashes are gone,
            damaged or of another family, or it is named twice.
    """
    runs: list[EarlierRun] = []
    for name in dedup.against:
        run = _open_run((base / expanded(name, "dedup.against")).resolve(), name, dedup)
        if any(run.folder == other.folder for other in runs):
            raise InputError(f"dedup.against names {name} twice; remove one.")
        runs.append(run)
    return tuple(runs)


def _open_run(folder: Path, name: str, dedup: DedupConfig) -> EarlierRun:
    manifest, seal = _read_finished(folder, name)
    _check_families(manifest, name, dedup)
    workspace = Workspace(str(folder))
    shards, fingerprints = [], 0
    for path in list_files(folder / "ledger", "*.parquet"):
        commit = read_commit(workspace, SURVEY, path.stem)
        if commit is None or not all(is_intact(workspace, o) for o in commit.outputs):
            raise _refusal(
                name,
                f"has lost the hashes of shard {path.stem} (work/survey was removed or "
                "damaged). Redo that run or leave it out.",
            )
        shards.append((path.stem, commit.counts["documents"]))
        if dedup.containment is not None:
            fingerprints += commit.counts.get("fingerprints", 0)
    return EarlierRun(
        folder=str(folder),
        run_id=manifest.run_id,
        seal=seal,
        shards=tuple(shards),
        fingerprints=fingerprints,
        kept=manifest.records.kept,
    )


def _refusal(name: str, why: str) -> InputError:
    return InputError(f"dedup.against: {name} {why}")


def _read_finished(folder: Path, name: str) -> tuple[Manifest, str]:
    """The manifest of a finished run with texts, and the hash of its checksums."""
    if not is_folder(folder):
        raise _refusal(name, "is no folder. Name the output folder of a finished run.")
    try:
        manifest = read_manifest(folder)
        seal = file_sha256(folder / "SHA256SUMS")
    except (OSError, InputError):
        raise _refusal(
            name, "is not a finished run: it holds no manifest.json with SHA256SUMS."
        ) from None
    except pydantic.ValidationError:
        raise _refusal(name, "was made by another version; redo that run.") from None
    if not exists(folder / "_SUCCESS"):
        raise _refusal(name, "did not pass its gates; repair that run or leave it out.")
    if manifest.verb == "audit":
        raise _refusal(name, "is an audit: it kept no documents. Name a cleaned run.")
    return manifest, seal


def _check_families(manifest: Manifest, name: str, dedup: DedupConfig) -> None:
    theirs = manifest.dedup.families if manifest.dedup is not None else {}
    for kind, family in families(dedup).items():
        if theirs.get(kind) != family:
            raise _refusal(
                name,
                f"has no {kind} hashes of the same settings. Give both runs the same "
                "dedup.normalise, ngram, bands, rows and seed (and containment in "
                "both or none), or redo that run.",
            )


def earlier_extents(runs: Sequence[EarlierRun], start: int) -> list[Extent]:
    """Extents of the shards of earlier runs, behind `start` documents of this one."""
    found = []
    for run in runs:
        for shard_id, documents in run.shards:
            found.append(Extent(shard_id, start, start + documents, run.folder))
            start += documents
    return found


def store_kept(driver: Driver, runs: Sequence[EarlierRun]) -> Commit:
    """Write which documents of earlier runs were kept, in the order of extents."""

    def make(outputs: UnitOutputs) -> dict[str, int]:
        flags = [np.zeros(0, np.bool_)]
        for place in earlier_extents(runs, 0):
            kept = kept_ids(place.home(outputs.workspace), place.shard_id)
            ids = survey_ids(outputs.workspace, [place])
            flags.append(pc.is_in(ids, value_set=kept).to_numpy(zero_copy_only=False))
        kept_flags = np.concatenate(flags)
        outputs.write_array(outputs.workspace.work / KEPT, kept_flags)
        return {"records_in": len(kept_flags), "kept": int(kept_flags.sum())}

    identity = [[run.state for run in runs], driver.code]
    return run_step(driver.session, AGAINST, identity, make)


def kept_ids(workspace: Workspace, shard_id: str) -> pa.ChunkedArray:
    """doc_ids of a shard that a run kept, by its ledger."""
    ledger = read_table(workspace.table("ledger", shard_id), ["doc_id", "outcome"])
    return ledger.filter(pc.equal(ledger["outcome"], "kept"))["doc_id"]


RANK = "rank"


def all_places(driver: Driver, earlier: Sequence[EarlierRun]) -> list[Extent]:
    """Extents of this run's shards, then of those of earlier runs."""
    return [*driver.places, *earlier_extents(earlier, driver.documents)]


def rank_documents(
    driver: Driver,
    dedup: DedupConfig,
    present: np.ndarray,
    earlier: Sequence[EarlierRun] = (),
    name: str = RANK,
) -> Commit:
    """Write one array each of `Identified`, an entry a document.

    `present` names the documents of this run that may stand for others, bool (n,);
    `name` the step, where it is made for another reason than deduplication.
    """
    places = all_places(driver, earlier)
    upstream = list(driver.surveys.values())
    if earlier:
        upstream.append(store_kept(driver, earlier))

    def make(outputs: UnitOutputs) -> dict[str, int]:
        workspace = outputs.workspace
        references = read_array(workspace.work / KEPT) if earlier else None
        survey = read_survey(workspace, places, READ)
        found = identify(survey, dedup, present, references)
        folder = workspace.pass_folder(name)
        for array, values in vars(found).items():
            outputs.write_array(folder / f"{array}.npy", values)
        copies = found.exact_keeper != np.arange(len(found.rank))
        return {
            "records_in": len(found.rank),
            "reference": 0 if references is None else int(references.sum()),
            "exact_duplicate": int(copies.sum()),
        }

    identity = [
        outputs_digest_input(upstream),
        [run.state for run in earlier],
        dedup.model_dump(include={"exact", "keep"}),
        hashlib.sha256(np.packbits(present).tobytes()).hexdigest(),
        [[place.name, place.start, place.stop] for place in places],
        driver.code,
    ]
    return run_step(driver.session, name, identity, make)


def load_identified(workspace: Workspace, name: str = RANK) -> Identified:
    """Map the arrays of the rank step into memory."""
    folder = workspace.pass_folder(name)
    arrays = [map_array(folder / f"{array.name}.npy") for array in fields(Identified)]
    return Identified(*arrays)


def compared_ranks(found: Identified, start: int, stop: int) -> np.ndarray:
    """Ranks of documents `start:stop`; NO_RANK for those not compared further.

    A document that an equal one stands for is not compared: its keeper is.
    """
    ranks = np.array(found.rank[start:stop])
    represented = found.exact_keeper[start:stop] != np.arange(start, stop)
    ranks[represented] = NO_RANK
    return ranks
