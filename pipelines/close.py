"""The close step: reconcile, merge statistics, evaluate gates, report, seal."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import pyarrow.parquet as pq

from isinglass import __version__
from isinglass.pipelines.decontaminate import EvaluationSets, decontamination_summary
from isinglass.pipelines.encode.notes import encode_summary
from isinglass.pipelines.engine.audit import write_audit
from isinglass.pipelines.engine.commits import add_counts
from isinglass.pipelines.engine.fingerprint import file_sha256, package_versions
from isinglass.pipelines.engine.side_tables import read_survey
from isinglass.pipelines.engine.workspace import (
    TABLES,
    write_atomically,
)
from isinglass.pipelines.erase import AUDIT_NAME, Erasure, erasure_summary
from isinglass.pipelines.paragraph_list import boilerplate_list, write_paragraph_list
from isinglass.pipelines.paragraphs import load_boilerplate
from isinglass.pipelines.reconcile import (
    ShardAccount,
    check_evidence,
    parts,
    reconcile,
)
from isinglass.pipelines.report import first_quarantined, render_report
from isinglass.pipelines.run_statistics import run_statistics
from isinglass.pipelines.semantic.summary import ClusterTables, summarise_clusters
from isinglass.pipelines.stages.dedup.examples import near_examples
from isinglass.pipelines.stages.pii import recall as misses
from isinglass.pipelines.stages.pii.examples import count_rules
from isinglass.pipelines.stages.pii.operators import operators_used
from isinglass.pipelines.stages.pii.second_scan import (
    scans_twice,
    second_scan_statistics,
    second_scan_summary,
)
from isinglass.pipelines.summaries import (
    dedup_summary,
    plain_warnings,
)
from isinglass.schemas.config import GateConfig, RunConfig
from isinglass.schemas.manifest import (
    Characters,
    DecontaminationSummary,
    DedupSummary,
    EarlierRunSummary,
    FindingCount,
    InputFile,
    Manifest,
    Records,
    SecondScan,
)
from isinglass.schemas.statistic import statistics_table
from isinglass.transforms.statistics.gates import evaluate_gates
from isinglass.transforms.statistics.removals import removal_gates, removal_warnings

if TYPE_CHECKING:
    from isinglass.pipelines.engine.passes import Session
    from isinglass.pipelines.engine.side_tables import Extent
    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.pipelines.identity import Identity
    from isinglass.pipelines.plan import Plan
    from isinglass.pipelines.semantic.drive import Semantic
    from isinglass.pipelines.stages.dedup.earlier_runs import EarlierRun
    from isinglass.schemas.commit import Commit, OutputFile
    from isinglass.schemas.manifest import AxisSummary, GateResult
    from isinglass.schemas.statistic import Statistic


@dataclass(frozen=True)
class Closing:
    """What close needs to know.

    Attributes:
        config: The configuration.
        session: The driver's state, with the record of every pass.
        plan: Shards and inputs.
        identity: Which run this is.
        accounts: The commits of every shard.
        resolved: Commit of the resolve step.
        places: Where each shard stands in the order of all documents.
        earlier: Runs that this one was held against.
        sets: Evaluation sets that documents were searched for.
        erasure: What was erased on request.
        semantic: What the semantic steps left.
    """

    config: RunConfig
    session: Session
    plan: Plan
    identity: Identity
    accounts: list[ShardAccount]
    resolved: Commit
    places: tuple[Extent, ...] = ()
    earlier: tuple[EarlierRun, ...] = ()
    sets: EvaluationSets | None = None
    erasure: Erasure | None = None
    semantic: Semantic | None = None

    @property
    def workspace(self) -> Workspace:
        """The run folder."""
        return self.session.workspace

    @property
    def shard_ids(self) -> list[str]:
        """All shards, in order."""
        return [account.shard.shard_id for account in self.accounts]


def close(closing: Closing) -> Manifest:
    """Close a run; the manifest and `_SUCCESS` are written last.

    Raises:
        ReconcileError: The books do not balance. Nothing is sealed then.
    """
    workspace = closing.workspace
    reconcile(workspace, closing.accounts)
    check_evidence(workspace, closing.shard_ids, closing.earlier)
    remove_strangers(closing)
    counts = add_counts([account.clean for account in closing.accounts])
    statistics, balance = run_statistics(
        workspace, list(closing.places), closing.config, counts
    )
    second = _second_scan(closing)
    statistics += second_scan_statistics(second)
    table = statistics_table(statistics)
    audit = [write_audit(workspace, "statistics", table), *_write_paragraphs(closing)]
    if closing.erasure is not None:
        listed = closing.erasure.with_metadata()
        audit.append(write_audit(workspace, AUDIT_NAME, listed))
    clusters = _clusters(closing)
    if clusters is not None:
        audit.append(write_audit(workspace, "clusters", clusters.clusters))
        audit.append(write_audit(workspace, "cluster_shares", clusters.shares))
    manifest = _manifest(closing, counts, statistics, balance, audit)
    semantic = clusters and clusters.summary
    manifest = manifest.model_copy(update={"second_scan": second, "semantic": semantic})
    shards = [(a.shard.shard_id, a.shard.source) for a in closing.accounts]
    shown: dict[str, Any] = {
        "dedup": near_examples(workspace, shards),
        "pii": count_rules(workspace, closing.shard_ids),
        "semantic": clusters,
    }
    dedup = closing.config.dedup
    if dedup is not None and dedup.paragraphs is not None:
        shown["boilerplate"] = boilerplate_list(workspace, counts)
    quarantined = first_quarantined(workspace, closing.shard_ids)
    html = render_report(manifest, table, quarantined, shown)
    write_atomically(workspace.path / "report.html", html)
    _seal(workspace, manifest)
    return manifest


def _manifest(
    closing: Closing,
    counts: dict[str, int],
    statistics: list[Statistic],
    balance: dict[str, AxisSummary],
    audit: list[OutputFile],
) -> Manifest:
    config, identity = closing.config, closing.identity
    asked = (*config.gates, *removal_gates(config.dedup), _quarantine_gate(config))
    gates = evaluate_gates(asked, statistics)
    inputs = _inputs(closing)
    warnings = plain_warnings(config, counts, inputs, balance)
    warnings += removal_warnings(statistics)
    encodes = [a.encode for a in closing.accounts if a.encode is not None]
    counted = misses.recall_counts(closing.workspace, closing.shard_ids)
    recall, findings = misses.recall_by_entity(counted), _findings(counts)
    return Manifest(
        isinglass_version=__version__,
        run_id=identity.run_id,
        name=config.name,
        verb=identity.verb,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        config=identity.config,
        inputs=inputs,
        models=[*identity.detector_models, *identity.encoder_models],
        lexicons=list(identity.lexicons),
        packages=package_versions(),
        records=Records(
            total_in=counts.get("records_in", 0),
            kept=counts.get("kept", 0),
            dropped=parts(counts, "dropped"),
            quarantined=parts(counts, "quarantined"),
        ),
        characters=_characters(counts),
        findings=findings,
        allowed=dict(sorted(parts(counts, "allowed").items())),
        operators=operators_used(config, findings),
        recall=recall,
        recall_slices=misses.recall_slices(counted),
        not_measured=misses.not_measured(config.pii, findings, recall),
        expected_leftovers=misses.expected_leftovers(findings, recall),
        dedup=_dedup(closing, counts),
        decontamination=_decontamination(closing),
        erasure=erasure_summary(closing.erasure, counts) if closing.erasure else None,
        balance=balance,
        encode=encode_summary(closing.workspace, encodes, config.encode),
        gates=gates,
        warnings=warnings,
        verdict=_verdict(gates, warnings),
        outputs=_outputs(closing, audit),
        passes=list(closing.session.records),
    )


def _second_scan(closing: Closing) -> SecondScan | None:
    if not scans_twice(closing.config.pii, closing.identity.verb):
        return None
    return second_scan_summary(closing.workspace, closing.shard_ids)


def _clusters(closing: Closing) -> ClusterTables | None:
    encode = closing.config.encode
    if closing.semantic is None or encode is None or encode.semantic is None:
        return None
    shards = [account.shard for account in closing.accounts]
    return summarise_clusters(
        closing.workspace, shards, closing.semantic, encode.semantic
    )


def _dedup(closing: Closing, counts: dict[str, int]) -> DedupSummary | None:
    dedup = closing.config.dedup
    summary = dedup_summary(dedup, counts, closing.resolved.counts)
    if dedup is None or summary is None:
        return summary
    runs = [
        EarlierRunSummary(path=path, run_id=run.run_id, documents=run.kept)
        for path, run in zip(dedup.against, closing.earlier, strict=True)
    ]
    return summary.model_copy(update={"against": runs})


def _decontamination(closing: Closing) -> DecontaminationSummary | None:
    if closing.sets is None:
        return None
    names = ["evaluation_item"]
    found = read_survey(closing.workspace, list(closing.places), names)
    return decontamination_summary(closing.sets, found[names[0]].to_numpy())


def _quarantine_gate(config: RunConfig) -> GateConfig:
    return GateConfig(
        metric="quarantine.rate",
        op="<=",
        value=config.limits.max_quarantine_rate,
        severity="error",
    )


def _verdict(
    gates: list[GateResult], warnings: list[str]
) -> Literal["passed", "warned", "failed"]:
    if any(not gate.passed and gate.severity == "error" for gate in gates):
        return "failed"
    if warnings or any(not gate.passed for gate in gates):
        return "warned"
    return "passed"


def _characters(counts: dict[str, int]) -> Characters:
    return Characters(
        total_in=counts.get("characters_in", 0),
        kept=counts.get("characters_out", 0),
        dropped=counts.get("characters_dropped", 0),
        quarantined=counts.get("characters_quarantined", 0),
        cut=counts.get("characters_cut", 0),
        redacted=counts.get("characters_redacted", 0),
        inserted=counts.get("characters_inserted", 0),
    )


def _findings(counts: dict[str, int]) -> dict[str, FindingCount]:
    by_entity: dict[str, dict[str, int]] = {}
    for name, value in parts(counts, "finding").items():
        entity, _, kind = name.rpartition(".")
        by_entity.setdefault(entity, {"found": 0, "changed": 0, "kept": 0})[kind] = (
            value
        )
    return {e: FindingCount(**values) for e, values in sorted(by_entity.items())}


def _inputs(closing: Closing) -> list[InputFile]:
    """Input files with the records that the ledger has of each."""
    rows: Counter[tuple[str, str]] = Counter()
    for account in closing.accounts:
        path = closing.workspace.table("ledger", account.shard.shard_id)
        counted = pq.read_table(path, columns=["path"])["path"].value_counts()
        for entry in counted.to_pylist():
            rows[account.shard.source, entry["values"]] += entry["counts"]
    return [
        InputFile(
            path=planned.path,
            source=planned.source,
            format=planned.format,
            bytes=planned.bytes,
            rows=rows[planned.source, planned.path],
            sha256=planned.sha256,
            problem=planned.problem,
        )
        for planned in closing.plan.inputs
    ]


def _write_paragraphs(closing: Closing) -> list[OutputFile]:
    """The list of boilerplate, if it was looked for."""
    dedup, workspace = closing.config.dedup, closing.workspace
    if dedup is None or dedup.paragraphs is None:
        return []
    boilerplate = load_boilerplate(workspace)
    return [
        write_paragraph_list(
            workspace, closing.shard_ids, boilerplate, dedup.paragraphs
        )
    ]


def _outputs(closing: Closing, audit: list[OutputFile]) -> list[OutputFile]:
    """Files of the run that are not under `work/`, by path."""
    files = _commit_outputs(closing)
    public = [file for file in files if not file.path.startswith("work/")]
    return sorted([*public, *audit], key=lambda file: file.path)


def remove_strangers(closing: Closing) -> None:
    """Remove table files that no commit of this run names.

    They are left by an earlier attempt under another configuration or with other
    inputs, and must not be mixed with what this run wrote.
    """
    root = closing.workspace.path
    known = {root / output.path for output in _commit_outputs(closing)}
    for table in TABLES:
        for path in sorted((root / table).rglob("*")):
            if path.is_file() and path not in known:
                path.unlink()
        if (root / table).is_dir() and not any((root / table).iterdir()):
            (root / table).rmdir()


def _commit_outputs(closing: Closing) -> list[OutputFile]:
    commits = [account.clean for account in closing.accounts]
    commits += [a.encode for a in closing.accounts if a.encode is not None]
    if closing.semantic is not None:
        commits += closing.semantic.tables.values()
    return [output for commit in commits for output in commit.outputs]


def _seal(workspace: Workspace, manifest: Manifest) -> None:
    """Manifest, checksums of everything, and `_SUCCESS` with the hash of those.

    A run that failed a gate keeps its manifest and report, but gets no `_SUCCESS`.
    """
    write_atomically(workspace.path / "manifest.json", manifest.to_json())
    hashes = {output.path: output.sha256 for output in manifest.outputs}
    for name in ("manifest.json", "report.html"):
        hashes[name] = file_sha256(workspace.path / name)
    sums = [f"{sha256}  {name}" for name, sha256 in hashes.items()]
    path = workspace.path / "SHA256SUMS"
    write_atomically(path, "\n".join(sums) + "\n")
    if manifest.verdict != "failed":
        write_atomically(workspace.path / "_SUCCESS", file_sha256(path) + "\n")
