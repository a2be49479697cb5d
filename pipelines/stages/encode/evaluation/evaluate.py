"""An evaluation of a model: every kind of test, gates, a verdict, and its folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from isinglass import __version__
from isinglass.pipelines.engine.fingerprint import package_versions
from isinglass.pipelines.engine.workspace import (
    Workspace,
    exists,
    file_sha256,
    is_folder,
    list_folder,
    remove,
    write_atomically,
    write_audit,
)
from isinglass.pipelines.gates import baselines, check_each
from isinglass.pipelines.report.blocks import Section, not_run
from isinglass.pipelines.stages.encode.evaluation.kind import Asked, Kind, Measured
from isinglass.pipelines.stages.encode.evaluation.kinds import KINDS
from isinglass.pipelines.stages.encode.evaluation.likeness import unlike
from isinglass.pipelines.stages.encode.evaluation.page import evaluation_page
from isinglass.pipelines.stages.encode.preflight import with_absolute_paths
from isinglass.pipelines.verdict import verdict
from isinglass.schemas.config import GateConfig
from isinglass.schemas.config.evaluation import EvaluationConfig
from isinglass.schemas.config.explain import hint
from isinglass.schemas.errors import ConfigError, OutputError
from isinglass.schemas.evaluation import Kinds, ModelEvaluation
from isinglass.schemas.statistic import Statistic, statistics_table
from isinglass.transforms.associations.lists import with_absolute_lists
from isinglass.transforms.statistics.gates import evaluate_gates

MODEL, REPORT, SUCCESS = "model.json", "report.html", "_SUCCESS"
_OURS = {MODEL, REPORT, SUCCESS, "SHA256SUMS", "audit"}


@dataclass(frozen=True)
class Evaluated:
    """What was written, and what is said of it on a terminal."""

    evaluation: ModelEvaluation
    lines: tuple[str, ...]


def evaluate(config: EvaluationConfig, base: Path) -> Evaluated:
    """Evaluate a model, and write the folder that `output` names.

    Everything that can be refused is refused before a model is loaded.

    Args:
        config: What is asked for.
        base: Folder that relative paths start from.

    Raises:
        RefuseError: Model, vectors, lists or gates cannot be used, a kind that is named
            cannot be done, or the folder holds something else.
    """
    config = _absolute(config, base)
    folder = Path(config.output)
    _check_folder(folder)
    config = config.model_copy(update={"gates": _checked_gates(config, base)})
    asked, kinds = Asked(config), _named(config.kinds)
    # A model that is not there is refused before anything is said of its tests.
    _ = asked.models
    skipped = {kind.name: why for kind in kinds if (why := kind.why_not(asked))}
    _refuse_skipped(config, kinds, skipped)
    todo = [kind for kind in kinds if kind.name not in skipped]
    for kind in todo:
        kind.check(asked)
    measured = {kind.name: kind.measure(asked) for kind in todo}
    every = [*measured.values()]
    statistics = [one for part in every for one in part.statistics]
    evaluation = _told(asked, measured, statistics, skipped)
    sections = _sections(kinds, measured, skipped)
    _write(folder, evaluation, statistics_table(statistics), sections)
    return Evaluated(evaluation, tuple(line for part in every for line in part.lines))


def _checked_gates(config: EvaluationConfig, base: Path) -> tuple[GateConfig, ...]:
    """The gates, if they are about numbers that there can be."""
    columns = {metric: told for kind in KINDS for metric, told in kind.metrics.items()}
    parts = {metric: dict.fromkeys(told) for metric, told in columns.items()}
    return check_each(config.gates, sorted(columns), parts, base)


def _told(
    asked: Asked,
    measured: Mapping[str, Measured],
    statistics: Sequence[Statistic],
    skipped: dict[str, str],
) -> ModelEvaluation:
    """What was measured, what gates say of it, and the verdict."""
    config, every = asked.config, [*measured.values()]
    lexicons = [*dict.fromkeys(one for part in every for one in part.lexicons)]
    models = dict.fromkeys(one for part in every for one in part.models)
    notes = {name: told for part in every for name, told in part.notes.items()}
    results = evaluate_gates(config.gates, statistics, baselines(config.gates))
    warnings = [line for part in every for line in part.warnings]
    warnings += unlike(config.gates, lexicons, notes, MODEL)
    return ModelEvaluation(
        isinglass_version=__version__,
        name=asked.name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        config=config.model_dump(mode="json"),
        models=[*asked.models, *models],
        lexicons=lexicons,
        notes=notes,
        packages=package_versions(),
        kinds=Kinds.model_validate({n: part.part for n, part in measured.items()}),
        skipped=skipped,
        gates=results,
        warnings=warnings,
        verdict=verdict(results, warnings),
    )


def _absolute(config: EvaluationConfig, base: Path) -> EvaluationConfig:
    """With paths that mean the same from any folder."""
    own = config.associations
    texts = str((base / own.texts).resolve()) if own.texts else None
    lists = with_absolute_lists(own.lists, base)
    made = {
        "output": str((base / config.output).resolve()),
        "associations": own.model_copy(update={"lists": lists, "texts": texts}),
    }
    for name in ("vectors", "crows_pairs", "stereoset"):
        given = getattr(config, name)
        made[name] = str((base / given).resolve()) if given else None
    if config.probes.run is not None:
        run = str((base / config.probes.run).resolve())
        made["probes"] = config.probes.model_copy(update={"run": run})
    if config.encode is not None:
        made["encode"] = with_absolute_paths(config.encode, base)
    return config.model_copy(update=made)


def _check_folder(folder: Path) -> None:
    """Refuse a folder that holds something else than an evaluation."""
    if not exists(folder):
        return
    if not is_folder(folder):
        raise OutputError(f"{folder} is a file. Choose another output folder.")
    others = [path.name for path in list_folder(folder) if path.name not in _OURS]
    if others:
        raise OutputError(
            f"{folder} holds {others[0]}, which is no part of an evaluation. Choose "
            "another output folder."
        )


def _named(names: Sequence[str]) -> list[Kind]:
    known = [kind.name for kind in KINDS]
    for name in names:
        if name not in known:
            raise ConfigError(f"kinds: there is no {name}; {hint(name, known)}")
    return [kind for kind in KINDS if not names or kind.name in names]


def _refuse_skipped(
    config: EvaluationConfig, kinds: Sequence[Kind], skipped: dict[str, str]
) -> None:
    """What was named must be done, and something must."""
    for name in config.kinds:
        if name in skipped:
            raise ConfigError(f"kinds: {name} cannot be done: {skipped[name]}")
    if len(skipped) == len(kinds):
        told = " ".join(f"{name}: {why}" for name, why in skipped.items())
        raise ConfigError(f"There is no test to be done. {told}")


def _sections(
    kinds: Sequence[Kind], measured: dict[str, Measured], skipped: dict[str, str]
) -> list[Section]:
    return [
        measured[kind.name].section
        if kind.name in measured
        else not_run(kind.name, kind.name.upper().replace("_", "-"), skipped[kind.name])
        for kind in kinds
    ]


def _write(
    folder: Path,
    evaluation: ModelEvaluation,
    statistics: object,
    sections: Sequence[Section],
) -> None:
    """The page, `model.json`, checksums, and `_SUCCESS` if no gate failed."""
    remove(folder / SUCCESS)
    audit = write_audit(Workspace(str(folder)), "statistics", statistics)
    page = evaluation_page(evaluation, sections)
    write_atomically(folder / REPORT, page)
    told = evaluation.model_dump_json(indent=2)
    write_atomically(folder / MODEL, told + "\n")
    hashes = {audit.path: audit.sha256}
    hashes |= {name: file_sha256(folder / name) for name in (MODEL, REPORT)}
    sums = "".join(f"{sha256}  {name}\n" for name, sha256 in hashes.items())
    write_atomically(folder / "SHA256SUMS", sums)
    if evaluation.verdict != "failed":
        write_atomically(folder / SUCCESS, file_sha256(folder / "SHA256SUMS") + "\n")
