"""Statistics of who stays and who is lost, from exact counts."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from isinglass.transforms.retention.audit import (
    cuts,
    parity,
    removal,
    retention,
    weights,
)
from isinglass.transforms.retention.tally import (
    CLASSES,
    Pairs,
    Population,
    Tally,
    moments,
    tally,
)
from isinglass.transforms.statistics.intervals import wilson

if TYPE_CHECKING:
    from isinglass.schemas.statistic import Statistic

NAMES = (("gender", "female"), ("gender", "male"))
BEFORE = {"both": 50, "female": 150, "male": 450, "none": 350}
"""200 documents of women, 500 of men, 1,000 in all."""


def population(mentioned: np.ndarray, classes: Any = None) -> Population:
    """All documents, of one length if nothing else is said."""

    def pairs() -> Pairs:
        return [tuple(map(np.asarray, np.nonzero(mentioned)))]  # type: ignore[list-item]

    every = np.ones(len(mentioned), np.bool_)
    if classes is None:
        classes = np.zeros(len(mentioned), np.int64)
    return Population(NAMES, pairs, every, classes)


def documents(mentioned: dict[str, int], *lost: dict[str, int]) -> Tally:
    """Documents that mention both groups, each alone or none, and how many are lost.

    `lost` are those of each outcome from 1 on.
    """
    groups = {"both": (1, 1), "female": (1, 0), "male": (0, 1), "none": (0, 0)}
    rows = [groups[kind] for kind, count in mentioned.items() for _ in range(count)]
    outcomes: list[int] = []
    for kind, count in mentioned.items():
        gone = [n for n, some in enumerate(lost, 1) for _ in range(some.get(kind, 0))]
        outcomes += gone + [0] * (count - len(gone))
    everybody = population(np.array(rows, bool).reshape(-1, 2))
    return tally(everybody, np.array(outcomes, np.int64), len(lost) + 1)


def test_retention() -> None:
    found = retention(
        documents(BEFORE, {"both": 10, "female": 90, "male": 40, "none": 60})
    )
    rows = {
        (row.metric, row.group): (row.value, row.numerator, row.denominator)
        for row in found
    }
    assert rows == {
        ("group.retention", None): (0.8, 800, 1000),
        ("group.retention", "female"): (0.5, 100, 200),
        ("group.retention_ratio", "female"): (0.625, 0.5, 0.8),
        ("group.retention", "male"): (0.9, 450, 500),
        ("group.retention_ratio", "male"): (1.125, 0.9, 0.8),
    }
    female = found[1]
    assert (female.low, female.high) == pytest.approx((0.4313609, 0.5686391), abs=1e-7)


def test_retention_of_nothing() -> None:
    assert retention(documents({})) == []
    none_left = retention(documents(BEFORE, BEFORE))
    assert {row.metric for row in none_left} == {"group.retention"}
    nobody = retention(documents({"none": 4}, {"none": 3}))
    assert [(row.group, row.value) for row in nobody] == [(None, 0.25)]


def by_metric(found: list[Statistic], metric: str) -> dict[Any, Statistic]:
    return {(row.reason, row.group): row for row in found if row.metric == metric}


def test_removal_by_reason() -> None:
    counted = documents(
        BEFORE, {"none": 10}, {"both": 10, "female": 30, "male": 40, "none": 20}
    )
    found = removal(counted, ["empty", "near_duplicate"])
    shares = by_metric(found, "group.removed_share")
    assert {key: row.value for key, row in shares.items()} == {
        ("empty", "female"): 0.0,
        ("empty", "male"): 0.0,
        ("near_duplicate", "female"): 0.2,
        ("near_duplicate", "male"): 0.1,
    }
    ratios = by_metric(found, "group.removal_ratio")
    assert {reason for reason, _ in ratios} == {"near_duplicate"}
    female = ratios["near_duplicate", "female"]
    # 40/200 against 60/800; log error sqrt(1/40 - 1/200 + 1/60 - 1/800)
    assert female.value == pytest.approx(0.2 / 0.075)
    assert female.low == pytest.approx(1.8441, abs=1e-4)
    assert female.high == pytest.approx(3.8562, abs=1e-4)
    # All are of one length: nothing is adjusted.
    same = by_metric(found, "group.adjusted_removal_ratio")["near_duplicate", "female"]
    assert (same.value, same.low, same.high) == pytest.approx(
        (female.value, female.low, female.high)
    )
    together = by_metric(found, "group.removal_pmi")
    assert together["near_duplicate", "female"].value == pytest.approx(log(0.2 / 0.1))
    assert ("empty", "female") not in together


@pytest.mark.parametrize(
    ("group", "lost", "others_lost", "told"),
    [
        (30, 5, 10, True),
        (29, 5, 10, False),
        (30, 4, 10, False),
        (1000, 4, 10, False),
        (30, 5, 1, True),
        (30, 5, 0, False),
        (0, 0, 10, False),
    ],
)
def test_too_few_to_say(group: int, lost: int, others_lost: int, told: bool) -> None:  # noqa: FBT001
    counted = documents(
        {"female": group, "none": 100}, {"female": lost, "none": others_lost}
    )
    found = by_metric(removal(counted, ["empty"]), "group.adjusted_removal_ratio")
    assert (("empty", "female") in found) == told


def test_what_length_explains_is_adjusted_away() -> None:
    # Half of the long documents go, and a tenth of the short ones, whomever they
    # mention; those that mention women are long.
    sizes = {(0, True): 200, (0, False): 800, (1, True): 800, (1, False): 200}
    lost = {(0, True): 20, (0, False): 80, (1, True): 400, (1, False): 100}
    keys = list(sizes)
    repeat = [sizes[key] for key in keys]
    classes = np.repeat([length for length, _ in keys], repeat)
    mentioned = np.zeros((len(classes), 2), np.bool_)
    mentioned[:, 0] = np.repeat([women for _, women in keys], repeat)
    gone = np.concatenate([np.arange(sizes[key]) < lost[key] for key in keys])
    everybody = population(mentioned, classes)
    found = removal(tally(everybody, gone.astype(np.int64), 2), ["quality"])
    crude = by_metric(found, "group.removal_ratio")["quality", "female"]
    assert crude.value == pytest.approx(0.42 / 0.18)
    assert crude.low is not None
    assert crude.low > 1.25
    adjusted = by_metric(found, "group.adjusted_removal_ratio")["quality", "female"]
    assert adjusted.value == pytest.approx(1.0)
    assert adjusted.low is not None
    assert adjusted.low < 1.0
    # A group of as long documents that loses more is told apart.
    gone[(classes == 1) & mentioned[:, 0]] |= np.arange(800) < 560
    found = removal(tally(everybody, gone.astype(np.int64), 2), ["quality"])
    adjusted = by_metric(found, "group.adjusted_removal_ratio")["quality", "female"]
    assert 1.25 < adjusted.value < 1.45
    assert adjusted.low is not None
    assert adjusted.low > 1.0


def test_cuts_are_shares_of_documents_and_of_their_characters() -> None:
    mentioned = np.zeros((100, 2), np.bool_)
    mentioned[:40, 0] = True
    shares = np.zeros(100)
    shares[:20], shares[40:50] = 0.5, 0.1
    everybody = population(mentioned)
    counted = tally(everybody, (shares > 0).astype(np.int64), 2)
    found = cuts(counted, moments(everybody, shares), "pii", entity="PERSON")
    assert {(row.reason, row.entity) for row in found} == {("pii", "PERSON")}
    rows = {(row.metric.removeprefix("group."), row.group): row for row in found}
    assert rows["cut_share", "female"].value == 0.5
    assert rows["cut_ratio", "female"].value == pytest.approx(3.0)
    assert rows["adjusted_cut_ratio", "female"].value == pytest.approx(3.0)
    means = {group: row for (metric, group), row in rows.items() if "chara" in metric}
    assert {group: row.value for group, row in means.items()} == {
        None: pytest.approx(0.11),
        "female": pytest.approx(0.25),
    }
    # Twenty of 0.5 and twenty of 0: sd sqrt(0.0625 * 40/39), error over sqrt(40).
    error = 1.959964 * (0.0625 * 40 / 39 / 40) ** 0.5
    female = means["female"]
    assert (female.low, female.high) == pytest.approx((0.25 - error, 0.25 + error))


def test_weights_against_those_of_the_others() -> None:
    mentioned = np.zeros((80, 2), np.bool_)
    mentioned[:40, 0] = True
    mentioned[:3, 1] = True
    weight = np.where(np.arange(80) % 2 == 0, 0.9, 1.1)
    weight[:40] /= 2
    found = weights(moments(population(mentioned), weight))
    means = {row.group: row for row in found if row.metric == "group.mean_weight"}
    assert {group: round(row.value, 6) for group, row in means.items()} == {
        None: 0.75,
        "female": 0.5,
        "male": round((0.45 + 0.55 + 0.45) / 3, 6),
    }
    (ratio,) = [row for row in found if row.metric == "group.weight_ratio"]
    assert ratio.group == "female"
    assert ratio.value == pytest.approx(0.5)
    spread = 1.959964 * (2 * (0.1**2 * 40 / 39) / 40) ** 0.5
    assert (ratio.low, ratio.high) == pytest.approx(
        (0.5 * np.exp(-spread), 0.5 * np.exp(spread))
    )


def by_chance(kept: tuple[int, int], count: tuple[int, int]) -> dict[str, float]:
    """Parity of both groups, by how many of their documents stay."""
    sizes = dict(zip(("female", "male"), count, strict=True))
    lost = {name: sizes[name] - n for name, n in zip(sizes, kept, strict=True)}
    return {str(row.group): row.value for row in parity(documents(sizes, lost))}


@pytest.mark.parametrize(
    ("kept", "count", "fails"),
    [
        # A group that loses clearly more.
        ((100, 980), (1000, 1000), "female"),
        ((700, 100), (1000, 1000), "male"),
        # Less, but not below four fifths.
        ((850, 1000), (1000, 1000), None),
        # Far below, but of too few documents; of some more; and by chance.
        ((1, 990), (29, 1000), None),
        ((1, 990), (30, 1000), "female"),
        ((21, 990), (30, 1000), None),
        # Nothing to compare with, and nothing kept.
        ((0, 990), (0, 1000), None),
        ((0, 0), (50, 50), None),
        ((0, 0), (0, 0), None),
    ],
)
def test_a_group_of_which_clearly_less_stays_is_below_the_other(
    kept: tuple[int, int], count: tuple[int, int], fails: str | None
) -> None:
    found = by_chance(kept, count)
    assert [*found] == ["female", "male"]
    assert all(0 <= value <= 1 for value in found.values())
    assert [group for group, value in found.items() if value < 0.8] == (
        [fails] if fails else []
    )


def test_parity_compares_the_near_ends_of_the_intervals() -> None:
    (female, male) = by_chance((100, 980), (1000, 1000)).values()
    high, low = wilson(100, 1000)[1], wilson(980, 1000)[0]
    assert (female, male) == (high / low, 1.0)


def test_order_of_documents_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    mentioned = rng.random((500, 2)) < 0.4
    classes = rng.integers(0, CLASSES, 500)
    outcomes = rng.integers(0, 3, 500)
    order = rng.permutation(500)

    def told(rows: np.ndarray) -> list[Statistic]:
        some = population(mentioned[rows], classes[rows])
        counted = tally(some, outcomes[rows], 3)
        return [
            *retention(counted),
            *parity(counted),
            *removal(counted, ["empty", "erased"]),
        ]

    assert told(order) == told(np.arange(500))
