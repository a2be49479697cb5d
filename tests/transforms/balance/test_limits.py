"""Caps, floors, strata and words: each against an independent solver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from scipy.optimize import LinearConstraint, linprog, minimize

from isinglass.schemas.config.balance import AxisConfig, BalanceConfig, LimitsConfig
from isinglass.schemas.errors import ConfigError, RefuseError
from isinglass.transforms.balance.axes import axes_of, balanced_columns
from isinglass.transforms.balance.calibration import Constraints, calibrate
from isinglass.transforms.balance.cells import Cells, Part, gather
from isinglass.transforms.balance.distance import Distance
from isinglass.transforms.balance.solve import Solution, solve

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = (
    *(("age", group) for group in ("middle", "old", "young")),
    *(("gender", group) for group in ("female", "male")),
)
Distances = Literal["chi2", "kl", "logit"]


class Weighed(NamedTuple):
    """Weights of documents, and the table that they were solved on."""

    weights: np.ndarray
    solution: Solution
    cells: Cells


def weigh(
    vectors: np.ndarray,
    config: BalanceConfig,
    words: np.ndarray | None = None,
    labels: Sequence[str | None] | None = None,
    shards: int = 2,
) -> Weighed:
    """Weights of documents that come in some shards."""
    rows = len(vectors)
    words = np.ones(rows, np.int64) if words is None else words
    names = pa.array([""] * rows if labels is None else labels, pa.string())
    pieces = [np.arange(rows)[start::shards] for start in range(shards)]
    parts = [
        Part(vectors[one], words[one], names.take(pa.array(one))) for one in pieces
    ]
    cells, cell = gather(lambda: parts, COLUMNS, config)
    solution = solve(cells, config)
    weights = np.empty(rows)
    weights[np.concatenate(pieces)] = solution.weights[cell]
    return Weighed(weights, solution, cells)


def gender(target: Any, **sections: Any) -> BalanceConfig:
    return BalanceConfig(axes={"gender": AxisConfig(target=target)}, **sections)


def documents(seed: int, rows: int = 60) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.poisson([2, 1, 1.5, 1, 2.5], (rows, 5)).astype(np.int32)


def share(vectors: np.ndarray, weights: np.ndarray, group: tuple[str, str]) -> float:
    own = [index for index, name in enumerate(COLUMNS) if name[0] == group[0]]
    counts = weights[:, None] * vectors
    return float(counts[:, COLUMNS.index(group)].sum() / counts[:, own].sum())


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"cap": {"male": 0.6}}, 0.6),
        ({"floor": {"female": 0.4}}, 0.6),
        ({"cap": {"male": 0.6}, "floor": {"female": 0.45}}, 0.55),
        ({"cap": {"female": 0.1}}, 0.9),
    ],
)
def test_limits_that_are_violated_are_met_exactly(target: Any, expected: float) -> None:
    vectors = documents(1, 400)
    found = weigh(vectors, gender(target))
    assert found.solution.feasible
    assert share(vectors, found.weights, ("gender", "male")) == pytest.approx(
        expected, abs=1e-9
    )
    # A limit is the target of an axis of two groups that it is reached at.
    exact = weigh(vectors, gender({"female": 1 - expected, "male": expected}))
    assert found.weights == pytest.approx(exact.weights, abs=1e-9)


@pytest.mark.parametrize("target", [{"cap": {"male": 0.9}}, {"floor": {"female": 0.1}}])
def test_limits_that_hold_change_nothing(target: Any) -> None:
    vectors = documents(2)
    assert weigh(vectors, gender(target)).weights.tolist() == [1.0] * len(vectors)


def rows_of(vectors: np.ndarray, limits: dict[str, float]) -> np.ndarray:
    """Constraint of the cap of each age, and of gender 0.4 to 0.6 as the last."""
    total = vectors[:, :3].sum(axis=1)
    names = ("middle", "old", "young")
    rows = [vectors[:, names.index(g)] - cap * total for g, cap in limits.items()]
    return np.array([*rows, vectors[:, 3] - 0.4 * vectors[:, 3:].sum(axis=1)])


@pytest.mark.parametrize("seed", range(12))
def test_limits_beside_targets_equal_an_independent_solver(seed: int) -> None:
    vectors = documents(seed)
    caps = {"middle": 0.38, "old": 0.25, "young": 0.45}
    axes = {
        "age": AxisConfig(target=LimitsConfig(cap=caps)),
        "gender": AxisConfig(target={"female": 0.4, "male": 0.6}),
    }
    found = weigh(vectors, BalanceConfig(axes=axes))
    assert found.solution.feasible
    rows, n = rows_of(vectors, caps), len(vectors)
    means = LinearConstraint(np.ones((1, n)) / n, 1.0, 1.0)
    solved = minimize(
        lambda w: ((w - 1) ** 2).sum() / n,
        np.ones(n),
        jac=lambda w: 2 * (w - 1) / n,
        bounds=[(0.1, 4.0)] * n,
        constraints=[
            means,
            LinearConstraint(rows[-1:] / n, 0.0, 0.0),
            LinearConstraint(rows[:-1] / n, -np.inf, 0.0),
        ],
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert solved.success
    assert found.weights == pytest.approx(np.asarray(solved.x), abs=2e-5)


@pytest.mark.parametrize("name", ["chi2", "kl", "logit"])
def test_inequalities_are_optimal(name: Distances) -> None:
    """Kuhn and Tucker: what binds has a price, what does not has none."""
    bounds = (0.0, np.inf) if name == "kl" else (0.2, 3.0)
    distance, checked = Distance(name, *bounds), 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        rows = random.normal(random.normal(0, 0.2, (6, 1)), 1.0, (6, 200))
        strata = (slice(0, 80), slice(80, 200))
        problem = Constraints(rows[:2], rows[2:], np.ones(200), strata)
        found = calibrate(problem, distance)
        assert found.residual < 1e-10
        for stratum in strata:
            assert found.weights[stratum].mean() == pytest.approx(1.0, abs=1e-9)
        left = (found.weights * rows).mean(axis=1)
        assert left[:2] == pytest.approx([0.0, 0.0], abs=1e-9)
        assert (left[2:] < 1e-9).all()
        binding = left[2:] > -1e-9
        kept = np.flatnonzero(binding) + 2
        # Without those that do not bind, and with the others as equations.
        again = calibrate(
            Constraints(rows[[0, 1, *kept]], rows[:0], np.ones(200), strata), distance
        )
        assert found.weights == pytest.approx(again.weights, abs=1e-7)
        checked += int(0 < binding.sum() < 4)
    assert checked > 10


def test_strata_keep_their_part_and_the_target_is_met_overall() -> None:
    vectors, random = documents(3, 500), np.random.default_rng(3)
    labels = np.where(random.random(500) < 0.1 + 0.2 * vectors[:, 3], "books", "web")
    free = weigh(vectors, gender("parity"))
    bound = weigh(vectors, gender("parity", within="source"), labels=labels.tolist())
    assert abs(free.weights[labels == "web"].mean() - 1.0) > 0.02
    for name in ("books", "web"):
        assert bound.weights[labels == name].mean() == pytest.approx(1.0, abs=1e-9)
    for one in (free, bound):
        found = share(vectors, one.weights, ("gender", "female"))
        assert found == pytest.approx(0.5, abs=1e-9)
    assert (bound.weights**2).sum() > (free.weights**2).sum()


def test_targets_in_each_stratum() -> None:
    vectors = documents(4, 300)
    labels = np.array(["de", "en", None] * 100)
    config = gender("parity", within="language", targets="each")
    found = weigh(vectors, config, labels=labels.tolist())
    assert found.cells.names == ("de", "en", "unknown")
    for name in ("de", "en", None):
        own = labels == name
        alone = weigh(vectors[own], gender("parity"))
        assert found.weights[own] == pytest.approx(alone.weights, abs=1e-9)


def test_a_stratum_out_of_reach_is_named() -> None:
    vectors = documents(5, 200)
    labels = ["en"] * 100 + ["de"] * 100
    vectors[100:, 3] = 0
    config = gender("parity", within="language", targets="each")
    found = weigh(vectors, config, labels=labels)
    assert not found.solution.feasible
    assert found.solution.missed == ("de",)
    assert share(vectors[:100], found.weights[:100], ("gender", "female")) == (
        pytest.approx(0.5, abs=1e-9)
    )
    assert found.weights[100:] == pytest.approx(np.ones(100), abs=1e-3)
    refused = gender(
        "parity", within="language", targets="each", on_infeasible="refuse"
    )
    message = r"\(de: gender/female: target 0\.5, reachable 0\.0000 to 0\.0000; "
    with pytest.raises(RefuseError, match=message):
        weigh(vectors, refused, labels=labels)


def test_by_words_the_mean_weight_of_a_word_is_one() -> None:
    vectors, random = documents(6, 300), np.random.default_rng(6)
    words = vectors.sum(axis=1) + random.integers(1, 300, 300)
    found = weigh(vectors, gender("parity", units="tokens"), words)
    assert (found.weights * words).sum() / words.sum() == pytest.approx(1.0, abs=1e-9)
    assert share(vectors, found.weights, ("gender", "female")) == pytest.approx(0.5)
    # Nothing is nearer to 1, word for word: an independent solver finds the same.
    part, x = words / words.sum(), (vectors[:, 3] - vectors[:, 4]) / 2.0
    solved = minimize(
        lambda w: (part * (w - 1) ** 2).sum() * 100,
        np.ones(300),
        jac=lambda w: 200 * part * (w - 1),
        bounds=[(0.1, 4.0)] * 300,
        constraints=[LinearConstraint([part, x / 300], [1.0, 0.0], [1.0, 0.0])],
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 800},
    )
    assert solved.success
    assert found.weights == pytest.approx(np.asarray(solved.x), abs=2e-4)


def test_by_words_a_document_counts_as_many_as_it_has() -> None:
    vectors = np.zeros((3, 5), np.int32)
    vectors[0, 3], vectors[1, 4], vectors[2] = 7, 1, (0, 0, 0, 2, 2)
    words = np.array([300, 100, 200])
    axes = {"gender": AxisConfig(units="documents")}
    config = BalanceConfig(axes=axes, units="tokens")
    found = weigh(vectors, config, words)
    (axis,) = found.cells.axes
    # 500 words stand in documents with a woman, 300 in those with a man.
    assert axis.shares(found.cells.mass)["female"] == pytest.approx(500 / 800)
    mass = found.weights * words
    assert mass[0] + mass[2] == pytest.approx(mass[1] + mass[2])


@pytest.mark.parametrize("shards", [1, 3, 7])
@pytest.mark.parametrize("units", ["documents", "tokens"])
def test_order_and_shards_change_no_bit(shards: int, units: Any) -> None:
    vectors, random = documents(7, 120), np.random.default_rng(shards)
    words = vectors.sum(axis=1) + random.integers(1, 9, 120)
    labels = random.choice(["a", "b", "c"], 120)
    config = gender("parity", within="source", units=units)
    first = weigh(vectors, config, words, labels.tolist()).weights
    order = random.permutation(120)
    again = weigh(vectors[order], config, words[order], labels[order].tolist(), shards)
    assert again.weights.tobytes() == first[order].tobytes()


def test_too_many_vectors_are_taken_together(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, random = documents(8, 400), np.random.default_rng(8)
    words = vectors.sum(axis=1) + random.integers(1, 3_000, 400)
    config = gender("parity", units="tokens")
    exact = weigh(vectors, config, words)
    monkeypatch.setattr("isinglass.transforms.balance.cells.MOST_CELLS", 150)
    near = weigh(vectors, config, words)
    assert len(near.cells.mass) <= 150 < len(exact.cells.mass)
    assert (near.cells.exact, exact.cells.exact) == (False, True)
    # The targets are met exactly all the same, and it costs little.
    assert share(vectors, near.weights, ("gender", "female")) == pytest.approx(0.5)
    assert (near.weights * words).sum() == pytest.approx(words.sum())
    lost = [(words * (one.weights - 1) ** 2).sum() for one in (exact, near)]
    assert lost[0] <= lost[1] < 1.2 * lost[0]


def test_axes_that_conflict_are_refused_with_what_they_can_reach_together() -> None:
    random = np.random.default_rng(9)
    women = random.random(400) < 0.5
    old = np.where(random.random(400) < 0.9, women, ~women)
    vectors = np.zeros((400, 5), np.int32)
    vectors[:, 3], vectors[:, 4] = women, ~women
    vectors[:, 1], vectors[:, 2] = old, ~old
    axes = {
        "gender": AxisConfig(target={"female": 0.8, "male": 0.2}),
        "age": AxisConfig(target={"old": 0.2, "young": 0.8}),
    }
    config = BalanceConfig(axes=axes)
    found = weigh(vectors, config).solution
    assert not found.feasible
    assert found.reachable["gender"]["female"][1] > 0.8
    least, most = found.together["gender"]["female"]
    # Of all weights that make 0.2 old: the programme of Charnes and Cooper is linear
    # as it stands, for every document mentions both axes once.
    rows = np.array([np.ones(400), vectors[:, 1] - 0.2])
    for sign, end in ((1.0, least), (-1.0, most)):
        goal = linprog(sign * women, A_eq=rows, b_eq=[400.0, 0.0], bounds=(0.1, 4.0))
        assert end == pytest.approx(sign * goal.fun / 400, abs=2e-6)
    message = rf"gender/female: target 0\.8, with the others reachable {least:.4f} to"
    refused = config.model_copy(update={"on_infeasible": "refuse"})
    with pytest.raises(RefuseError, match=message):
        weigh(vectors, refused)


def test_a_group_out_of_reach_does_not_hold_up_the_others() -> None:
    vectors = documents(13, 300)
    vectors[:, 0] = 0
    config = BalanceConfig(axes={"age": AxisConfig(target="parity")})
    found = weigh(vectors, config)
    assert not found.solution.feasible
    shares = [share(vectors, found.weights, ("age", g)) for g in ("old", "young")]
    assert shares == pytest.approx([0.5, 0.5], abs=1e-6)
    # A few mentions are raised as far as they can be, and the rest is shared.
    vectors[:6, 0] = 1
    found = weigh(vectors, config)
    most = found.solution.reachable["age"]["middle"][1]
    shares = [share(vectors, found.weights, ("age", g)) for g in ("old", "young")]
    assert 0.0 < most < 0.1
    assert shares[0] == pytest.approx(shares[1], abs=0.02)
    middle = share(vectors, found.weights, ("age", "middle"))
    assert 0.5 * most < middle <= most + 1e-9


def test_what_a_cap_can_reach_is_told() -> None:
    vectors = documents(10, 200)
    config = gender({"cap": {"male": 0.1}}, on_infeasible="refuse")
    message = r"gender/male: cap 0\.1, reachable 0\.\d{4} to 0\.\d{4}\)"
    with pytest.raises(RefuseError, match=message):
        weigh(vectors, config)
    found = weigh(vectors, gender({"cap": {"male": 0.1}}))
    least = found.solution.reachable["gender"]["male"][0]
    male = share(vectors, found.weights, ("gender", "male"))
    assert male == pytest.approx(least, abs=1e-6)


def test_an_axis_that_nobody_mentions_is_refused() -> None:
    vectors = documents(11)
    vectors[:, 3:] = 0
    refused = gender("parity", on_infeasible="refuse")
    with pytest.raises(RefuseError, match=r"axes\.gender: no document mentions its"):
        weigh(vectors, refused)
    assert weigh(vectors, gender("parity")).weights.tolist() == [1.0] * len(vectors)


def test_kl_is_raking_where_the_problems_coincide() -> None:
    """Every document mentions one group of either axis: margins of a table."""
    random = np.random.default_rng(12)
    ages, sexes = random.integers(0, 3, 500), (random.random(500) < 0.7).astype(int)
    vectors = np.zeros((500, 5), np.int32)
    vectors[np.arange(500), ages] = 1
    vectors[np.arange(500), 3 + sexes] = 1
    wanted = (np.array([0.2, 0.3, 0.5]), np.array([0.5, 0.5]))
    axes = {
        "age": AxisConfig(target={"middle": 0.2, "old": 0.3, "young": 0.5}),
        "gender": AxisConfig(),
    }
    found = weigh(vectors, BalanceConfig(axes=axes, distance="kl"))
    raked = np.ones(500)
    for _ in range(200):
        for group, goal in zip((ages, sexes), wanted, strict=True):
            now = np.bincount(group, raked) / raked.sum()
            raked *= (goal / now)[group]
    assert found.weights == pytest.approx(raked / raked.mean(), abs=1e-9)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"cap": {"man": 0.3}}, r"gender\.target: no group man; known: female, male"),
        ({"cap": {"female": 0.3, "male": 0.6}}, r"these sum to 0\.9; no shares keep"),
    ],
)
def test_limits_that_nothing_can_keep_are_refused(target: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        axes_of(np.zeros((0, 5), np.int32), COLUMNS, gender(target))


def test_only_columns_that_are_balanced_are_looked_at() -> None:
    assert balanced_columns(COLUMNS, gender("parity")) == [3, 4]
    shares = AxisConfig(target={"old": 0.5, "young": 0.5})
    assert balanced_columns(COLUMNS, BalanceConfig(axes={"age": shares})) == [1, 2]
    limits = AxisConfig(target=LimitsConfig(cap={"old": 0.5}))
    assert balanced_columns(COLUMNS, BalanceConfig(axes={"age": limits})) == [0, 1, 2]
