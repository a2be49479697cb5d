"""Part `solver`: reference numbers, raking by another package, and a large table.

The reference is parity of he and she in the 500 texts of the Brown corpus, by their
counts alone; its numbers were confirmed by a general solver (SLSQP).
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa

from benchmarks.measuring.processes import Target, peak_mb, run_process, table
from isinglass.schemas.config.balance import AxisConfig, BalanceConfig
from isinglass.schemas.errors import RefuseError
from isinglass.transforms.balance.cells import Part, gather
from isinglass.transforms.balance.solve import Solution, solve

if TYPE_CHECKING:
    from collections.abc import Sequence

Distances = Literal["chi2", "kl", "logit"]
PEER = Path(__file__).with_name("peers.py")
COUNTS = "balance_example_counts.json"
GENDER = (("gender", "female"), ("gender", "male"))
REFERENCE: tuple[tuple[Distances, tuple[float, float], float], ...] = (
    ("kl", (0.1, 4.0), 265.49),
    ("logit", (0.1, 5.0), 311.17),
    ("chi2", (0.1, 4.0), 319.42),
)
"""Distance, bounds, effective sample size of 500."""

LEAST_RESIDUAL, RAKED = 1e-9, 1e-9
REACHED = 0.3908
SECONDS = 5.0
VECTORS, GROUPS, AXES = 200_000, 5, 3


class Weighed(NamedTuple):
    """Weights of documents, the solution of the table, and the table's rows."""

    weights: np.ndarray
    solution: Solution
    cells: int


def weigh(
    vectors: np.ndarray,
    columns: Sequence[tuple[str, str]],
    config: BalanceConfig,
    labels: pa.Array | None = None,
) -> Weighed:
    """Weights of documents, one vector each."""
    if labels is None:
        labels = pa.repeat(pa.scalar("", pa.string()), len(vectors))
    part = Part(vectors, np.ones(len(vectors), np.int64), labels)
    cells, cell = gather(lambda: [part], columns, config)
    solution = solve(cells, config)
    return Weighed(solution.weights[cell], solution, len(cells.mass))


def run(data: Path, python: str, *, small: bool) -> list[Target]:
    """Print the tables; returns the targets."""
    path = data / COUNTS
    targets = _reference(path) if path.exists() else []
    if not targets:
        print(f"There is no {path}; the reference numbers are left out.")
    return [*targets, *_raking(python), *_large(small=small)]


def _reference(path: Path) -> list[Target]:
    counts = json.loads(path.read_text(encoding="utf-8"))
    vectors = np.array([[row["she"], row["he"]] for row in counts], np.int64)
    rows, targets = [], []
    for name, bounds, asked in REFERENCE:
        config = BalanceConfig(distance=name, bounds=bounds)
        found = weigh(vectors, GENDER, config)
        weights = found.weights
        size = weights.sum() ** 2 / (weights**2).sum()
        she, he = (weights[:, None] * vectors).sum(axis=0)
        residual = abs(she / (she + he) - 0.5)
        span = f"{weights.min():.3f} to {weights.max():.3f}"
        rows.append((name, f"{she / (she + he):.6f}", f"{size:.2f}", span))
        near = abs(size - asked) < 0.005 + 1e-9
        what = f"{name}, effective sample of 500"
        targets.append(Target(what, f"{asked}", f"{size:.2f}", near))
        met = residual <= LEAST_RESIDUAL
        targets.append(Target(f"{name}, residual", "<= 1e-9", f"{residual:.1e}", met))
    print(table(("distance", "she of he and she", "effective of 500", "weights"), rows))
    return [*targets, _refused(vectors)]


def _refused(vectors: np.ndarray) -> Target:
    config = BalanceConfig(bounds=(0.5, 2.0), on_infeasible="refuse")
    try:
        weigh(vectors, GENDER, config)
    except RefuseError as error:
        said = str(error)
        print(f"\n{said}\n")
        found = f"{REACHED:.4f}" in said
        return Target("parity within 0.5 to 2", "refused, 0.391", "refused", found)
    return Target("parity within 0.5 to 2", "refused, 0.391", "not refused", False)  # noqa: FBT003


def _raking(python: str) -> list[Target]:
    """Documents that mention one group of each of two axes: margins of a table."""
    random = np.random.default_rng(1)
    groups = [random.integers(0, 3, 2_000), random.integers(0, 4, 2_000)]
    goals = [np.array([0.2, 0.3, 0.5]), np.array([0.1, 0.2, 0.3, 0.4])]
    columns = [
        (f"axis{a}", f"{g}") for a, goal in enumerate(goals) for g in range(len(goal))
    ]
    vectors = np.zeros((2_000, 7), np.int32)
    vectors[np.arange(2_000), groups[0]] = 1
    vectors[np.arange(2_000), 3 + groups[1]] = 1
    axes = {
        f"axis{a}": AxisConfig(
            target={f"{g}": share for g, share in enumerate(goal.tolist())}
        )
        for a, goal in enumerate(goals)
    }
    ours = weigh(vectors, columns, BalanceConfig(axes=axes, distance="kl")).weights
    asked = {
        "margins": [one.tolist() for one in groups],
        "goals": [(2_000 * goal).tolist() for goal in goals],
    }
    answer = run_process([python, str(PEER)], asked).answer
    peers = {"our own iteration": _rake(groups, goals)}
    if answer["weights"] is not None:
        peers[f"ipfn {answer['version']}"] = np.array(answer["weights"])
    targets = []
    for name, theirs in peers.items():
        far = float(np.abs(ours - theirs).max())
        targets.append(Target(f"raking, {name}", "<= 1e-9", f"{far:.1e}", far <= RAKED))
    if answer["weights"] is None:
        targets.append(Target("raking, ipfn", "<= 1e-9", "not installed", None))
    return targets


def _rake(groups: list[np.ndarray], goals: list[np.ndarray]) -> np.ndarray:
    weights = np.ones(len(groups[0]))
    for _ in range(500):
        for group, goal in zip(groups, goals, strict=True):
            now = np.bincount(group, weights) / weights.sum()
            weights = weights * (goal / now)[group]
    return np.asarray(weights / weights.mean())


def _large(*, small: bool) -> list[Target]:
    """A table of distinct vectors under 12 constraints."""
    rows = VECTORS // 10 if small else VECTORS
    random = np.random.default_rng(0)
    mean = random.uniform(0.3, 3.0, GROUPS * AXES)
    vectors = np.unique(random.poisson(mean, (2 * rows, GROUPS * AXES)), axis=0)
    vectors = random.permutation(vectors)[:rows].astype(np.int32)
    columns = [(f"axis{a}", f"{g}") for a in range(AXES) for g in range(GROUPS)]
    labels = pa.array([f"s{n}" for n in random.integers(0, 20, len(vectors))])
    told, targets = [], []
    for name, config in _configs(vectors).items():
        began = time.process_time()
        part = labels if config.within != "none" else None
        found = weigh(vectors, columns, config, part)
        spent = time.process_time() - began
        miss = _miss(vectors, found.weights, config)
        told.append((name, f"{found.cells:,}", f"{spent:.2f}", f"{miss:.1e}"))
        fast = spent < SECONDS and found.solution.feasible and miss < LEAST_RESIDUAL
        what = f"{name}, {found.cells:,} vectors x 12"
        targets.append(Target(what, f"< {SECONDS:g} s", f"{spent:.2f} s", fast))
    print(table(("weights", "vectors", "CPU s", "largest miss"), told))
    print(f"\nPeak of the process: {peak_mb():.0f} MiB.")
    return targets


def _configs(vectors: np.ndarray) -> dict[str, BalanceConfig]:
    shares, limits = {}, {}
    for axis in range(AXES):
        own = vectors[:, axis * GROUPS : (axis + 1) * GROUPS].sum(axis=0)
        now = own / own.sum()
        goal = 0.7 * now + 0.3 / GROUPS
        shares[f"axis{axis}"] = AxisConfig(
            target={f"{g}": float(share) for g, share in enumerate(goal)}
        )
        caps = {f"{g}": float(0.9 * now[g] + 0.02) for g in np.argsort(-now)[:4]}
        limits[f"axis{axis}"] = AxisConfig.model_validate({"target": {"cap": caps}})
    made: dict[str, dict[str, Any]] = {
        "chi2": {},
        "logit": {"distance": "logit"},
        "kl": {"distance": "kl"},
        "chi2, within 20 sources": {"within": "source"},
        "chi2, caps": {"axes": limits},
    }
    return {
        name: BalanceConfig(**{"axes": shares, **changes})
        for name, changes in made.items()
    }


def _miss(vectors: np.ndarray, weights: np.ndarray, config: BalanceConfig) -> float:
    """The largest miss of a target or limit, in shares."""
    found = 0.0
    for place, axis in enumerate(config.axes.values()):
        own = vectors[:, place * GROUPS : (place + 1) * GROUPS]
        sums = (weights[:, None] * own).sum(axis=0)
        now = sums / sums.sum()
        if isinstance(axis.target, dict):
            goals = np.array(list(axis.target.values()))
            found = max(found, float(np.abs(now - goals).max()))
        elif axis.target != "parity":
            over = [now[int(g)] - share for g, share in axis.target.cap.items()]
            found = max(found, *over)
    return found
