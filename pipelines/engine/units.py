"""One unit of work inside a worker: run it, commit it, or say why it failed."""

from __future__ import annotations

import json
import time
import traceback
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from isinglass.pipelines.engine.commits import UnitOutputs
from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.workspace import Workspace, write_atomically
from isinglass.schemas import errors
from isinglass.schemas.commit import Commit
from isinglass.schemas.documents import Shard


@dataclass(frozen=True)
class Unit:
    """A unit of work: a shard, a bucket or a slice of pairs.

    Its name is file-name-safe and unique in its pass, its fingerprint a hash of all
    that the outputs depend on. `weight` is bytes of input or another measure of the
    work; big ones go first. Of `rows` it has so many, 0 where that is not known.
    """

    name: str
    payload: str
    fingerprint: str
    weight: int = 0
    rows: int = 0

    def to_bytes(self) -> bytes:
        """The element that travels through Beam.

        It is compressed since Beam, which pickles it many times, does so by bz2.
        """
        return zlib.compress(json.dumps(vars(self), sort_keys=True).encode(), 1)

    @classmethod
    def from_bytes(cls, data: bytes) -> Unit:
        """Inverse of `to_bytes`."""
        return cls(**json.loads(zlib.decompress(data)))


def shard_unit(shard: Shard, identity: Any) -> Unit:
    """The unit that does a shard, by all that its outputs depend on (JSON-able)."""
    weight = sum(piece.bytes for piece in shard.pieces)
    known = [piece.rows for piece in shard.pieces if piece.rows is not None]
    rows = sum(known) if len(known) == len(shard.pieces) else 0
    return Unit(shard.shard_id, shard.to_json(), digest(identity), weight, rows)


class PassWork(Protocol):
    """What a pass does for a unit. Implementations are small picklable dataclasses.

    One that loads models and tables, once a worker, has a method `open` besides; what
    that returns goes to every `run`.
    """

    @property
    def name(self) -> str:
        """Name of the pass: its folder under `work/`."""
        ...

    def run(self, state: Any, payload: str, outputs: UnitOutputs) -> dict[str, int]:
        """Do the work of one unit and return its counts.

        `state` is what `open` returned, or all entries of a bucket, or None.
        """
        ...


@dataclass(frozen=True)
class Each:
    """A pass that loads nothing; one picklable function does every unit."""

    name: str
    make: Callable[[str, UnitOutputs], dict[str, int]]

    def run(self, state: None, payload: str, outputs: UnitOutputs) -> dict[str, int]:
        """Do the work of one unit and return its counts."""
        del state
        return self.make(payload, outputs)


@dataclass(frozen=True)
class Failure:
    """Why a unit failed, without any document text.

    `kind` is the class of the error; one of `schemas.errors` is raised again as itself.
    `message` is that of an error of ours; of others, where it was raised.
    """

    unit: str
    kind: str
    message: str

    def to_error(self, pass_name: str) -> errors.IsinglassError:
        """The error that the driver raises for this failure."""
        known = getattr(errors, self.kind, None)
        if isinstance(known, type) and issubclass(known, errors.IsinglassError):
            return known(self.message)
        return errors.IsinglassError(
            f"Pass {pass_name} failed on {self.unit}: {self.kind} raised at "
            f"{self.message}. Finished work is kept; please report this."
        )


def run_unit(
    pass_name: str,
    unit: Unit,
    workspace: Workspace,
    make: Callable[[UnitOutputs], dict[str, int]],
) -> Commit | Failure:
    """Let `make` do one unit and commit its outputs; a failure is recorded, not raised.

    Exceptions of libraries may quote the text they were given, so only the class
    and the place of a foreign exception are kept.
    """
    started = time.process_time()
    try:
        with UnitOutputs(workspace, pass_name, unit.name, unit.fingerprint) as outputs:
            counts = make(outputs)
            cpu = time.process_time() - started
            return outputs.commit(unit.fingerprint, counts, cpu)
    except Exception as error:  # noqa: BLE001 - one unit must not end the others
        return record_failure(error, pass_name, unit.name, workspace)


def record_failure(
    error: Exception, pass_name: str, unit: str, workspace: Workspace
) -> Failure:
    """Leave a file that the driver finds even if the worker dies afterwards."""
    if isinstance(error, errors.IsinglassError):
        message = str(error)
    else:
        frames = traceback.extract_tb(error.__traceback__)[-3:]
        message = " < ".join(
            f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}"
            for frame in reversed(frames)
        )
    failure = Failure(unit, type(error).__name__, message)
    path = workspace.failure_path(pass_name, unit)
    try:
        write_atomically(path, json.dumps(asdict(failure)))
    except errors.IsinglassError:
        return failure  # a full disk cannot take the note; the driver looks at it
    return failure
