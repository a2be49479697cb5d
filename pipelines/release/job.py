"""`isinglass release`: from a finished run to its papers, all or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from isinglass.pipelines.engine.workspace import (
    PAPERS,
    Workspace,
    exists,
    file_sha256,
    locked,
    read_bytes,
    remove,
    sums_text,
    write_atomically,
)
from isinglass.pipelines.proof.files import SUMS
from isinglass.pipelines.proof.prove import open_run
from isinglass.pipelines.release.facts import Facts, gather
from isinglass.pipelines.release.intact import (
    base_hashes,
    check_releasable,
    own_hashes,
)
from isinglass.pipelines.release.papers import papers
from isinglass.pipelines.release.recorded import recorded_settings
from isinglass.pipelines.release.registry import lacking
from isinglass.pipelines.release.sign import (
    ATTESTATIONS,
    STATEMENTS,
    Signer,
    envelopes,
    payloads,
)
from isinglass.pipelines.report.text import visible
from isinglass.schemas.config.explain import hint
from isinglass.schemas.config.release import ReleaseConfig
from isinglass.schemas.errors import ConfigError, GateError

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import FinishedRun


@dataclass(frozen=True)
class Released:
    """A run with its papers; `published` are all files to hand on, but the sums."""

    run: FinishedRun
    facts: Facts
    published: tuple[str, ...]
    signed: bool


def standing_settings(folder: Path) -> tuple[ReleaseConfig, str]:
    """What an earlier release of the run said, else its configuration; and which it is.

    Raises:
        ConfigError: The section is one of another version.
    """
    run = open_run(folder)
    recorded = recorded_settings(run)
    if recorded is not None:
        return recorded, "the release before"
    return run.config.release or ReleaseConfig(), "the configuration of the run"


def release(
    folder: Path, settings: ReleaseConfig, signer: Signer | None = None
) -> Released:
    """Check a run, write its papers and seal it again.

    Equal runs and settings give equal bytes. A release that was cut off is finished by
    the next one.

    Raises:
        GateError: A gate failed, or something is not said that must be.
        RefuseError: The run is not finished or damaged, or a paper is in the way.
    """
    run = open_run(folder)
    check_releasable(run)
    facts = gather(run, settings)
    check_said(facts)
    own = own_hashes(run)
    told = papers(facts, own)
    with locked(Workspace(str(folder))):
        for name, text in told.items():
            write_atomically(folder / name, text)
        signed = _sign(folder, signer)
        hashes = base_hashes(run)
        names = [
            name for name in PAPERS if name in told or (signed and name == ATTESTATIONS)
        ]
        hashes |= {name: file_sha256(folder / name) for name in names}
        write_atomically(folder / SUMS, sums_text(hashes))
        write_atomically(folder / "_SUCCESS", file_sha256(folder / SUMS) + "\n")
    published = [*(file.path for file in facts.files), *own, *names]
    return Released(run, facts, tuple(published), signed)


def check_said(facts: Facts) -> None:
    """Refuse facts of sources that the run does not have, and what must not be open."""
    unknown = sorted({*facts.settings.sources} - {*facts.names})
    if unknown:
        said = hint(unknown[0], facts.names, "sources of this run")
        raise ConfigError(
            f"release.sources: no document is of {visible(unknown[0])}; {visible(said)}"
        )
    lack = lacking(facts.settings, facts.said.values())
    if lack:
        asked = "".join(f"\n  - {visible(one.path)}: {one.question}" for one in lack)
        raise GateError(f"Not released: release.require asks for more.{asked}")


def _sign(folder: Path, signer: Signer | None) -> bool:
    """Sign the statements, or keep a signature of these; tells if there is one."""
    path = folder / ATTESTATIONS
    statements = [read_bytes(folder / name) for name in STATEMENTS]
    if signer is not None:
        write_atomically(path, envelopes(statements, signer))
        return True
    if exists(path) and payloads(read_bytes(path)) == statements:
        return True
    remove(path)
    return False
