"""The close step: reconcile, merge statistics, evaluate gates, report, seal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from isinglass import __version__
from isinglass.pipelines.clean import add_partials, statistics_path
from isinglass.pipelines.engine.commits import add_counts
from isinglass.pipelines.engine.fingerprint import package_versions
from isinglass.pipelines.engine.workspace import (
    TABLES,
    Workspace,
    file_sha256,
    is_file,
    is_folder,
    list_files,
    list_folder,
    read_json,
    read_table,
    remove,
    remove_folder,
    sums_text,
    write_atomically,
    write_audit,
)
from isinglass.pipelines.explain.folder import RunFolder
from isinglass.pipelines.gates import baselines
from isinglass.pipelines.outside import code_of, is_outside
from isinglass.pipelines.report.html import render_report
from isinglass.pipelines.report.model import first_quarantined, lengths
from isinglass.pipelines.returned import blamed, check_closed
from isinglass.pipelines.review.measure import measure
from isinglass.pipelines.review.told import review_statistics, review_warnings
from isinglass.pipelines.stage import Closed, Closing, Driver, Stage, Verdict
from isinglass.pipelines.stages import STAGES
from isinglass.pipelines.statistics import record_statistics, text_statistics
from isinglass.pipelines.sums import reconcile, totals
from isinglass.pipelines.verdict import all_gates, general_warnings, verdict
from isinglass.schemas.commit import Commit, OutputFile
from isinglass.schemas.manifest import InputFile, Manifest, StageSummary
from isinglass.schemas.review import ReviewSummary
from isinglass.schemas.statistic import Statistic, statistics_table
from isinglass.transforms.statistics.gates import evaluate_gates

if TYPE_CHECKING:
    from isinglass.pipelines.identity import Identity


@dataclass(frozen=True)
class Finished:
    """A run after its last pass; clean commits are by shard, verdicts by stage."""

    driver: Driver
    identity: Identity
    stages: Sequence[Stage]
    cleans: Mapping[str, Commit]
    verdicts: Mapping[str, Verdict]

    @property
    def workspace(self) -> Workspace:
        """The run folder."""
        return self.driver.workspace

    @property
    def outputs(self) -> list[OutputFile]:
        """Files that passes wrote, those under `work/` included."""
        commits = [*self.cleans.values()]
        for after in self.driver.after.values():
            commits += after.commits.values()
        return [output for commit in commits for output in commit.outputs]


def close(run: Finished) -> Manifest:
    """Close a run; if the books do not balance, nothing is sealed.

    The manifest and `_SUCCESS` are written last.
    """
    driver, workspace = run.driver, run.workspace
    reconcile(driver, run.stages, run.cleans)
    remove_strangers(run)
    counts = add_counts(list(run.cleans.values()))
    texts = text_statistics(workspace, driver.shard_ids)
    closed = _close_stages(run, counts, texts)
    review = _review(run)
    statistics = [*texts, *record_statistics(counts), *review_statistics(review)]
    for part in closed.values():
        statistics += part.statistics
    table = statistics_table(statistics)
    audit = [write_audit(workspace, "statistics", table)]
    for part in closed.values():
        audit += [write_audit(workspace, name, t) for name, t in part.audit.items()]
    manifest = _manifest(run, counts, statistics, closed, audit, review)
    shown = {name: part.shown for name, part in closed.items()}
    quarantined = first_quarantined(workspace, driver.shard_ids)
    outside = [stage for stage in run.stages if is_outside(stage)]
    bins = lengths(workspace, driver.shard_ids)
    html = render_report(manifest, table, quarantined, shown, outside, bins)
    write_atomically(workspace.path / "report.html", html)
    remove_spent(workspace)
    _seal(workspace, manifest)
    return manifest


def _close_stages(
    run: Finished, counts: Mapping[str, int], texts: Sequence[Statistic]
) -> dict[str, Closed]:
    """What every stage adds, by its name."""
    partials: dict[str, dict[str, list[int]]] = {}
    for shard_id in run.driver.shard_ids:
        sums = read_json(statistics_path(run.workspace, shard_id))["partials"]
        for name, own in sums.items():
            add_partials(partials.setdefault(name, {}), own)
    closed = {}
    for stage in run.stages:
        name = stage.name
        verdict, own = run.verdicts.get(name), partials.get(name, {})
        closing = Closing(run.driver, counts, run.cleans, verdict, own, texts)
        with blamed(stage, "close"):
            closed[name] = stage.close(closing)
        check_closed(stage, closed[name])
    return closed


def _manifest(
    run: Finished,
    counts: dict[str, int],
    statistics: list[Statistic],
    closed: Mapping[str, Closed],
    audit: list[OutputFile],
    review: ReviewSummary | None,
) -> Manifest:
    config, identity = run.driver.config, run.identity
    every: list[type[Stage] | Stage] = [*STAGES]
    every += [stage for stage in run.stages if is_outside(stage)]
    records, characters = totals(counts)
    asked = all_gates(config, every, records, statistics)
    gates = evaluate_gates(asked, statistics, baselines(asked))
    inputs = _inputs(run)
    values: dict[str, Any] = {}
    for stage in run.stages:
        if not is_outside(stage):
            values |= closed[stage.name].manifest
    public = [file for file in run.outputs if not file.path.startswith("work/")]
    warnings = general_warnings(inputs, records, statistics)
    warnings += review_warnings(review)
    for one in every:
        warnings += one.warns(config, values, statistics)
    return Manifest(
        isinglass_version=__version__,
        run_id=identity.run_id,
        name=config.name,
        verb=identity.verb,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        config=identity.config,
        inputs=inputs,
        models=list(identity.models),
        lexicons=list(identity.lexicons),
        packages=package_versions(),
        records=records,
        characters=characters,
        **values,
        stages=_outside(run, closed),
        review=review,
        gates=gates,
        warnings=warnings,
        verdict=verdict(gates, warnings),
        outputs=sorted([*public, *audit], key=lambda file: file.path),
        passes=list(run.driver.session.records),
    )


def _review(run: Finished) -> ReviewSummary | None:
    """What marks of a person say of the finished tables."""
    if run.identity.marks is None:
        return None
    inputs = [
        {"source": file.source, "path": file.path, "sha256": file.sha256}
        for file in run.driver.plan.inputs
    ]
    told = {"config": run.identity.config, "inputs": inputs}
    return measure(RunFolder(run.workspace.path, told), run.identity.marks)


def _outside(run: Finished, closed: Mapping[str, Closed]) -> dict[str, StageSummary]:
    return {
        stage.name: StageSummary(
            use=f"{type(stage).__module__}:{type(stage).__qualname__}",
            sha256=code_of(stage),
            edits=stage.edits == "edit",
            reasons=dict(stage.reasons),
            values=dict(closed[stage.name].manifest),
        )
        for stage in run.stages
        if is_outside(stage)
    }


def _inputs(run: Finished) -> list[InputFile]:
    """Input files with the records that the ledger has of each."""
    rows: Counter[tuple[str, str]] = Counter()
    for shard in run.driver.plan.shards:
        path = run.workspace.table("ledger", shard.shard_id)
        counted = read_table(path, ["path"])["path"].value_counts()
        for entry in counted.to_pylist():
            rows[shard.source, entry["values"]] += entry["counts"]
    return [
        InputFile(
            path=file.path,
            source=file.source,
            format=file.format,
            bytes=file.bytes,
            rows=rows[file.source, file.path],
            sha256=file.sha256,
            problem=file.problem,
        )
        for file in run.driver.plan.inputs
    ]


def remove_strangers(run: Finished) -> None:
    """Remove table files that no commit of this run names.

    They are left by an earlier attempt under another configuration or with other
    inputs, and must not be mixed with what this run wrote.
    """
    root = run.workspace.path
    known = {root / output.path for output in run.outputs}
    for table in TABLES:
        for path in list_files(root / table, "**/*"):
            if is_file(path) and path not in known:
                remove(path)
        if is_folder(root / table) and not any(list_folder(root / table)):
            remove_folder(root / table)


def remove_spent(workspace: Workspace) -> None:
    """Remove what holds words of texts, also of stages that are off by now.

    Before the seal: a run that is ended here goes on, and comes by again.
    """
    for stage in STAGES:
        for pattern in stage.spent:
            for path in list_files(workspace.work, pattern):
                remove(path)


def _seal(workspace: Workspace, manifest: Manifest) -> None:
    """Manifest, checksums of everything, and `_SUCCESS` with the hash of those.

    A run that failed a gate keeps its manifest and report, but gets no `_SUCCESS`.
    """
    write_atomically(workspace.path / "manifest.json", manifest.to_json())
    hashes = {output.path: output.sha256 for output in manifest.outputs}
    for name in ("manifest.json", "report.html"):
        hashes[name] = file_sha256(workspace.path / name)
    path = workspace.path / "SHA256SUMS"
    write_atomically(path, sums_text(hashes))
    if manifest.verdict != "failed":
        write_atomically(workspace.path / "_SUCCESS", file_sha256(path) + "\n")
