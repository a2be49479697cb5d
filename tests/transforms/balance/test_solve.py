from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, linprog, minimize

from isinglass.schemas.config.balance import AxisConfig, BalanceConfig
from isinglass.schemas.errors import ConfigError, RefuseError
from isinglass.transforms.balance.axes import Axis, axes_of
from isinglass.transforms.balance.cells import Part, gather
from isinglass.transforms.balance.distance import Distance
from isinglass.transforms.balance.reach import reachable_share
from isinglass.transforms.balance.solve import Solution
from isinglass.transforms.balance.solve import solve as solve_cells
from tests.properties import examples

COLUMNS = (("gender", "female"), ("gender", "male"))
WIDE = (*COLUMNS, ("age", "old"), ("age", "young"), ("age", "middle"))
Distances = Literal["chi2", "kl", "logit"]


class Found(NamedTuple):
    """A solution with what it reaches, over documents that each row stands for."""

    weights: np.ndarray
    documents: np.ndarray
    solution: Solution
    axes: dict[str, Axis]

    @property
    def feasible(self) -> bool:
        return self.solution.feasible

    @property
    def effective_sample_size(self) -> float:
        squares = (self.documents * self.weights**2).sum()
        return float((self.documents * self.weights).sum() ** 2 / squares)

    def reachable(self, axis: str = "gender") -> dict[str, tuple[float, float]]:
        return self.solution.reachable[axis]

    def before(self, axis: str = "gender") -> dict[str, float]:
        return self.axes[axis].shares(self.documents.astype(np.float64))

    def after(self, axis: str = "gender") -> dict[str, float]:
        return self.axes[axis].shares(self.documents * self.weights)

    def residual(self, axis: str = "gender") -> float:
        after, target = self.after(axis), self.axes[axis].target
        return max(abs(after[group] - goal) for group, goal in target.items())


def solve(
    vectors: np.ndarray,
    n: np.ndarray,
    columns: tuple[tuple[str, str], ...],
    config: BalanceConfig,
) -> Found:
    """Weights of rows that stand for `n` documents each."""
    rows = np.repeat(np.arange(len(n)), n)
    labels = pa.array([""] * len(rows), pa.string())
    part = Part(vectors[rows], np.ones(len(rows), np.int64), labels)
    cells, cell = gather(lambda: [part], columns, config)
    solution = solve_cells(cells, config)
    firsts = np.searchsorted(rows, np.arange(len(n)))
    weights = solution.weights[cell[firsts]]
    assert (solution.weights[cell] == weights[rows]).all()
    axes = {axis.name: axis for axis in axes_of(vectors, columns, config)}
    return Found(weights, n, solution, axes)


@pytest.fixture(scope="module")
def brown(shared_data: Path) -> np.ndarray:
    """Counts of she- and he-words in the 500 texts of the Brown corpus."""
    path = shared_data / "fairness" / "balance_example_counts.json"
    rows = json.loads(path.read_text(encoding="utf-8"))
    return np.array([[row["she"], row["he"]] for row in rows], np.int64)


def ones(vectors: np.ndarray) -> np.ndarray:
    return np.ones(len(vectors), np.int64)


def configured(**changes: Any) -> BalanceConfig:
    return BalanceConfig(**changes)


@pytest.mark.parametrize(
    ("distance", "bounds", "sample", "low", "high"),
    [
        ("kl", (0.1, 4.0), 265.49, 0.083, 14.83),
        ("logit", (0.1, 5.0), 311.17, 0.104, 4.96),
        ("chi2", (0.1, 4.0), 319.417379, 0.1, 4.0),
    ],
)
def test_reference_table(
    brown: np.ndarray,
    distance: Distances,
    bounds: tuple[float, float],
    sample: float,
    low: float,
    high: float,
) -> None:
    config = BalanceConfig(distance=distance, bounds=bounds)
    found = solve(brown, ones(brown), COLUMNS, config)
    assert found.before()["female"] == pytest.approx(0.233965, abs=5e-7)
    assert found.after()["female"] == pytest.approx(0.5, abs=1e-9)
    assert found.residual() < 1e-9
    assert found.feasible
    assert found.effective_sample_size == pytest.approx(sample, abs=0.006)
    assert found.weights.min() == pytest.approx(low, abs=6e-4)
    assert found.weights.max() == pytest.approx(high, abs=6e-3)
    assert found.weights.mean() == pytest.approx(1.0, abs=1e-10)


def test_chi2_has_the_effective_sample_size_of_a_primal_solver(
    brown: np.ndarray,
) -> None:
    found = solve(brown, ones(brown), COLUMNS, BalanceConfig())
    assert found.effective_sample_size == pytest.approx(319.4173787, abs=1e-6)


@pytest.mark.parametrize(
    ("bounds", "greatest"), [((0.5, 2.0), 0.3908), ((0.1, 4.0), 0.656)]
)
def test_reachable_share_of_the_reference(
    brown: np.ndarray, bounds: tuple[float, float], greatest: float
) -> None:
    config = BalanceConfig(bounds=bounds)
    reachable = solve(brown, ones(brown), COLUMNS, config).reachable()
    assert reachable["female"][1] == pytest.approx(greatest, abs=5e-4)
    assert reachable["male"][0] == pytest.approx(1 - reachable["female"][1])


def test_infeasible_is_refused_with_the_interval(brown: np.ndarray) -> None:
    config = BalanceConfig(bounds=(0.5, 2.0), on_infeasible="refuse")
    message = r"gender/female: target 0\.5, reachable 0\.1177 to 0\.3908"
    with pytest.raises(RefuseError, match=message):
        solve(brown, ones(brown), COLUMNS, config)


@pytest.mark.parametrize("distance", ["chi2", "logit"])
def test_infeasible_goes_as_far_as_it_can(
    brown: np.ndarray, distance: Distances
) -> None:
    config = BalanceConfig(bounds=(0.5, 2.0), distance=distance)
    found = solve(brown, ones(brown), COLUMNS, config)
    assert not found.feasible
    female = found.after()["female"]
    assert female == pytest.approx(found.reachable()["female"][1], abs=1e-6)
    assert found.residual() == pytest.approx(0.5 - female)
    assert found.weights.mean() == pytest.approx(1.0, abs=1e-9)
    assert found.weights.min() >= 0.5 - 1e-12
    assert found.weights.max() <= 2.0 + 1e-12


def test_axes_that_conflict_are_refused() -> None:
    # Each could reach parity alone, but women here are old and men are young.
    vectors = np.array([[1, 0, 1, 0, 0], [0, 1, 0, 1, 0]])
    axes = {
        "gender": AxisConfig(target={"female": 0.7, "male": 0.3}),
        "age": AxisConfig(target={"old": 0.3, "young": 0.7}),
    }
    config = BalanceConfig(axes=axes, on_infeasible="refuse")
    with pytest.raises(RefuseError, match="but not all of them together"):
        solve(vectors, np.array([5, 5]), WIDE, config)
    closest = solve(vectors, np.array([5, 5]), WIDE, configured(axes=axes))
    assert not closest.feasible
    assert closest.weights == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize("distance", ["chi2", "kl", "logit"])
@pytest.mark.parametrize("low", [0.0, 0.1])
def test_one_group_alone_keeps_its_weights(distance: Distances, low: float) -> None:
    # Taking every mention away would satisfy the constraint, but not the target.
    vectors = np.array([[3, 0], [0, 0], [1, 0]])
    config = BalanceConfig(distance=distance, bounds=(low, 4.0))
    found = solve(vectors, np.array([4, 90, 6]), COLUMNS, config)
    assert not found.feasible
    assert found.after() == {"female": 1.0, "male": 0.0}
    assert found.weights == pytest.approx(np.ones(3), abs=1e-3)


def test_no_mentions_leave_all_weights_at_one() -> None:
    found = solve(np.zeros((2, 2), np.int64), np.array([3, 4]), COLUMNS, configured())
    assert found.weights.tolist() == [1.0, 1.0]
    assert found.feasible
    assert found.before() == found.after() == {"female": 0.0, "male": 0.0}
    assert found.reachable() == {}
    assert found.effective_sample_size == pytest.approx(7.0)


def test_no_documents() -> None:
    nothing = np.zeros((0, 2), np.int64)
    found = solve(nothing, np.zeros(0, np.int64), COLUMNS, configured())
    assert found.weights.shape == (0,)
    assert found.feasible


@pytest.mark.parametrize(
    ("units", "vectors", "before"),
    [
        ("mentions", [[30, 0], [2, 8]], 0.8),
        ("documents", [[30, 0], [2, 8]], 2 / 3),
        ("capped", [[30, 0], [2, 8]], 7 / 12),
    ],
)
def test_units(
    units: Literal["mentions", "documents", "capped"],
    vectors: list[list[int]],
    before: float,
) -> None:
    axes = {"gender": AxisConfig(units=units, cap=5)}
    found = solve(np.array(vectors), np.array([1, 1]), COLUMNS, configured(axes=axes))
    assert found.before()["female"] == pytest.approx(before)


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({"race": AxisConfig()}, r"balance\.axes\.race: no such axis; known: gender"),
        (
            {"gender": AxisConfig(target={"female": 0.5, "man": 0.5})},
            r"gender\.target: no group man; known: female, male",
        ),
    ],
)
def test_unknown_names_are_refused(axes: dict[str, AxisConfig], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        solve(np.ones((1, 2), np.int64), np.array([1]), COLUMNS, configured(axes=axes))
    with pytest.raises(ConfigError, match=message):
        axes_of(np.zeros((0, 2), np.int64), COLUMNS, configured(axes=axes))
    assert axes_of(np.zeros((0, 2), np.int64), COLUMNS, BalanceConfig())


def weights_by_slsqp(vectors: np.ndarray, n: np.ndarray, target: float) -> np.ndarray:
    """The primal problem, by a general solver."""
    x = vectors[:, 0] - target * vectors.sum(axis=1)
    rows = np.array([n / n.sum(), n * x / n.sum()])
    solved = minimize(
        lambda w: (n * (w - 1) ** 2).sum() / n.sum(),
        np.ones(len(n)),
        jac=lambda w: 2 * n * (w - 1) / n.sum(),
        bounds=[(0.1, 4.0)] * len(n),
        constraints=[LinearConstraint(rows, [1.0, 0.0], [1.0, 0.0])],
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert solved.success
    return np.asarray(solved.x)


@pytest.mark.parametrize("seed", range(8))
def test_equals_an_independent_solver(seed: int) -> None:
    random = np.random.default_rng(seed)
    vectors = np.unique(random.poisson([1.0, 2.5], (30, 2)), axis=0)
    n = random.integers(1, 20, len(vectors))
    axes = {"gender": AxisConfig(target={"female": 0.45, "male": 0.55})}
    found = solve(vectors, n, COLUMNS, configured(axes=axes))
    assert found.feasible
    expected = weights_by_slsqp(vectors, n, 0.45)
    assert found.weights == pytest.approx(expected, abs=1e-5)


def share_by_linear_programme(
    vectors: np.ndarray, n: np.ndarray, bounds: tuple[float, float]
) -> float:
    """Greatest first share, by Charnes and Cooper's change of variables."""
    k = len(n)
    scaled = np.append(-n * vectors[:, 0], 0.0)
    equal = np.array([np.append(n, -n.sum()), np.append(n * vectors.sum(axis=1), 0.0)])
    eye, last = np.eye(k), np.ones((k, 1))
    within = np.block([[eye, -bounds[1] * last], [-eye, bounds[0] * last]])
    solved = linprog(scaled, within, np.zeros(2 * k), equal, [0.0, 1.0])
    assert solved.status == 0
    return float(-solved.fun)


@pytest.mark.parametrize("seed", range(8))
def test_reachable_share_equals_a_linear_programme(seed: int) -> None:
    random = np.random.default_rng(seed)
    vectors = random.poisson(2.0, (20, 2)).astype(np.float64)
    n = random.integers(1, 9, 20).astype(np.float64)
    bounds = (0.3, 1.8)
    least, greatest = reachable_share(
        vectors[:, 0], vectors.sum(axis=1), n, bounds, [slice(0, 20)]
    )
    assert greatest == pytest.approx(share_by_linear_programme(vectors, n, bounds))
    swapped = share_by_linear_programme(vectors[:, ::-1], n, bounds)
    assert least == pytest.approx(1 - swapped)


def test_two_axes_at_once() -> None:
    random = np.random.default_rng(1)
    vectors = random.poisson([1, 2, 1, 2, 3], (400, 5))
    target = {"old": 0.25, "young": 0.35, "middle": 0.4}
    gender = AxisConfig(target={"female": 0.4, "male": 0.6})
    axes = {"gender": gender, "age": AxisConfig(target=target)}
    found = solve(vectors, ones(vectors), WIDE, configured(axes=axes))
    assert found.feasible
    for name, axis in found.axes.items():
        for group, share in axis.target.items():
            assert found.after(name)[group] == pytest.approx(share, abs=1e-9)


def joint_feasible(
    vectors: np.ndarray, n: np.ndarray, target: dict[str, float]
) -> bool:
    """Whether weights from 0.1 to 4 meet all targets, by linear programming."""
    rows = [n]
    for column, (axis, group) in enumerate(WIDE):
        of_axis = [index for index, name in enumerate(WIDE) if name[0] == axis]
        total = vectors[:, of_axis].sum(axis=1)
        rows.append(n * (vectors[:, column] - target[group] * total))
    goal = [n.sum(), *[0.0] * len(WIDE)]
    solved = linprog(np.zeros(len(n)), A_eq=rows, b_eq=goal, bounds=(0.1, 4.0))
    assert solved.status in (0, 2)
    return bool(solved.status == 0)


@pytest.mark.parametrize("distance", ["chi2", "logit"])
def test_feasible_is_what_a_linear_programme_finds(distance: Distances) -> None:
    verdicts = []
    for seed in range(24):
        random = np.random.default_rng(seed)
        vectors = random.poisson([1, 2, 1, 2, 3], (80, 5))
        n = random.integers(1, 5, len(vectors))
        female, old, young = random.uniform([0.3, 0.1, 0.2], [0.55, 0.35, 0.5])
        gender = {"female": female, "male": 1 - female}
        age = {"old": old, "young": young, "middle": 1 - old - young}
        axes = {"gender": AxisConfig(target=gender), "age": AxisConfig(target=age)}
        config = BalanceConfig(axes=axes, distance=distance)
        found = solve(vectors, n, WIDE, config)
        assert found.feasible == joint_feasible(vectors, n, {**gender, **age})
        verdicts.append(found.feasible)
    assert {True, False} <= set(verdicts)


_TABLE = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(1, 9)),
    min_size=1,
    max_size=30,
)


def solved(rows: list[tuple[int, int, int]], config: BalanceConfig) -> Found:
    table = np.array(rows, np.int64)
    return solve(table[:, :2], table[:, 2], COLUMNS, config)


@examples(60)
@given(
    _TABLE, st.randoms(use_true_random=False), st.sampled_from(["chi2", "kl", "logit"])
)
def test_order_changes_no_bit(
    rows: list[tuple[int, int, int]], random: Any, distance: Distances
) -> None:
    config = BalanceConfig(distance=distance)
    first = solved(rows, config)
    order = list(range(len(rows)))
    random.shuffle(order)
    second = solved([rows[index] for index in order], config)
    assert first.weights[order].tobytes() == second.weights.tobytes()
    assert first.solution.feasible == second.solution.feasible
    assert first.solution.reachable == second.solution.reachable


@examples(60)
@given(_TABLE, st.sampled_from(["chi2", "logit"]))
def test_what_is_promised_holds(
    rows: list[tuple[int, int, int]], distance: Distances
) -> None:
    found = solved(rows, BalanceConfig(distance=distance))
    n = np.array([row[2] for row in rows])
    assert (n * found.weights).sum() / n.sum() == pytest.approx(1.0, abs=1e-9)
    assert found.weights.min() >= 0.1 - 1e-12
    assert found.weights.max() <= 4.0 + 1e-12
    if not found.reachable():
        return
    least, greatest = found.reachable()["female"]
    assert least - 1e-9 <= found.after()["female"] <= greatest + 1e-9
    if least + 1e-6 < 0.5 < greatest - 1e-6:
        assert found.feasible
    if found.feasible:
        assert found.residual() < 1e-6
    else:
        nearest = min(max(0.5, least), greatest)
        assert found.after()["female"] == pytest.approx(nearest, abs=1e-4)


@pytest.mark.parametrize("name", ["chi2", "kl", "logit"])
def test_distance_is_consistent(name: Distances) -> None:
    curve = Distance(name, *((0.0, np.inf) if name == "kl" else (0.2, 3.0)))
    u = np.array([-0.7, -0.1, 0.0, 0.4, 1.5])
    step = 1e-6
    rise = (curve.integrals(u + step) - curve.integrals(u - step)) / (2 * step)
    assert curve.weights(u) == pytest.approx(rise, abs=1e-8)
    rise = (curve.weights(u + step) - curve.weights(u - step)) / (2 * step)
    assert curve.slopes(u) == pytest.approx(rise, abs=1e-8)
    assert curve.weights(np.zeros(1)) == pytest.approx([1.0])
    assert curve.slopes(np.zeros(1)) == pytest.approx([1.0])
