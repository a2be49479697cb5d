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


def population(
    mentioned: np.ndarray, classes: Any = None, known: Any = None
) -> Population:
    """All documents, of one language and length if nothing else is said."""

    def pairs() -> Pairs:
        return [tuple(map(np.asarray, np.nonzero(mentioned)))]  # type: ignore[list-item]

    every = np.ones(len(mentioned), np.bool_)
    if classes is None:
        classes = np.zeros(len(mentioned), np.int64)
    if known is None:
        known = np.ones((len(NAMES), 1), np.bool_)
    return Population(NAMES, pairs, every, classes, known)


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
        (row.metric, row.axis, row.group): (row.value, row.numerator, row.denominator)
        for row in found
    }
    assert rows == {
        ("group.retention", None, None): (0.8, 800, 1000),
        ("group.retention", "gender", None): (0.8, 800, 1000),
        ("group.retention", "gender", "female"): (0.5, 100, 200),
        ("group.retention_ratio", "gender", "female"): (0.625, 0.5, 0.8),
        ("group.retention", "gender", "male"): (0.9, 450, 500),
        ("group.retention_ratio", "gender", "male"): (1.125, 0.9, 0.8),
    }
    female = found[2]
    assert (female.low, female.high) == pytest.approx((0.4313609, 0.5686391), abs=1e-7)


def test_retention_of_nothing() -> None:
    assert retention(documents({})) == []
    none_left = retention(documents(BEFORE, BEFORE))
    assert {row.metric for row in none_left} == {"group.retention"}
    nobody = retention(documents({"none": 4}, {"none": 3}))
    assert [(row.axis, row.group, row.value) for row in nobody] == [
        (None, None, 0.25),
        ("gender", None, 0.25),
    ]


def by_metric(found: list[Statistic], metric: str) -> dict[Any, Statistic]:
    return {(row.reason, row.group): row for row in found if row.metric == metric}


def test_removal_by_reason() -> None:
    counted = documents(
        BEFORE, {"none": 10}, {"both": 10, "female": 30, "male": 40, "none": 20}
    )
    found = removal(counted, ["empty", "near_duplicate"])
    shares = by_metric(found, "group.removed_share")
    assert {key: row.value for key, row in shares.items()} == {
        ("empty", None): 0.01,
        ("empty", "female"): 0.0,
        ("empty", "male"): 0.0,
        ("near_duplicate", None): 0.1,
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
        (30, 5, 0, True),
        (29, 29, 0, False),
        (0, 0, 10, False),
    ],
)
def test_too_few_to_say(group: int, lost: int, others_lost: int, told: bool) -> None:  # noqa: FBT001
    counted = documents(
        {"female": group, "none": 100}, {"female": lost, "none": others_lost}
    )
    found = by_metric(removal(counted, ["empty"]), "group.adjusted_removal_ratio")
    assert (("empty", "female") in found) == told


def one_side(
    strata: list[tuple[int, int, int, int]], classes: list[int], languages: int = 1
) -> list[Statistic]:
    """Removal of women against others, from `(lost, of, others lost, of)` a class."""
    rows = [
        (mention, place, gone < lost)
        for place, (a, n, b, m) in zip(classes, strata, strict=True)
        for mention, lost, every in ((True, a, n), (False, b, m))
        for gone in range(every)
    ]
    mentioned = np.zeros((len(rows), 2), np.bool_)
    mentioned[:, 0] = [row[0] for row in rows]
    place, gone = (np.array([row[k] for row in rows], np.int64) for k in (1, 2))
    known = np.ones((2, languages), np.bool_)
    return removal(tally(population(mentioned, place, known), gone, 2), ["quality"])


# The classes of a case are lengths of one language; each line is
# `(lost, of, others lost, of)`.
@pytest.mark.parametrize(
    ("strata", "plain", "adjusted"),
    [
        # (20.5 / 40.5) / (0.5 / 500.5), and 1.96 errors of
        # sqrt(1 / 20.5 - 1 / 40.5 + 1 / 0.5 - 1 / 500.5) around its logarithm.
        ([(20, 40, 0, 500)], (506.679, 31.212, 8225.1), (506.679, 31.212, 8225.1)),
        # The same in ten classes of a length each.
        (
            [(2, 4, 0, 50)] * 10,
            (506.679, 31.212, 8225.1),
            (506.679, 31.212, 8225.1),
        ),
        # Of the weights 39/40 and 499/500 the first class gets half a document by .2471
        # on all four counts, and the second by .2529: .8758 over .2401.
        (
            [(20, 39, 0, 1), (0, 1, 0, 499)],
            (506.679, 31.212, 8225.1),
            (3.6476, 0.18348, 72.512),
        ),
        # There is nobody at all.
        ([(20, 40, 0, 0), (0, 0, 0, 500)], (506.679, 31.212, 8225.1), None),
        ([(20, 40, 0, 0)], None, None),
        # Others are lost, but none where they could be compared.
        (
            [(20, 40, 0, 500), (0, 0, 7, 9)],
            (36.3571, 16.3643, 80.7762),
            (506.679, 31.212, 8225.1),
        ),
        # Lost where there are no others, and not lost where there are.
        ([(20, 40, 0, 0), (0, 10, 3, 500)], (66.6667, 20.5231, 216.558), None),
        # Nothing is lost of the group, or of anybody.
        ([(0, 40, 9, 500)], None, None),
        ([(0, 40, 0, 500)], None, None),
    ],
)
def test_a_loss_that_hits_one_group_alone(
    strata: list[tuple[int, int, int, int]],
    plain: tuple[float, float, float] | None,
    adjusted: tuple[float, float, float] | None,
) -> None:
    found = one_side(strata, [*range(len(strata))])
    for metric, expected in (
        ("group.removal_ratio", plain),
        ("group.adjusted_removal_ratio", adjusted),
    ):
        row = by_metric(found, metric).get(("quality", "female"))
        told = row and (row.value, row.low, row.high)
        assert told == (expected and pytest.approx(expected, rel=1e-4))


def test_a_mix_of_languages_is_no_effect_of_a_group() -> None:
    # Half of the documents in one language go and none of the other, whomever they
    # mention; those of the first speak of women more often.
    english, other = (50, 100, 25, 50), (0, 20, 0, 400)
    found = one_side([english, other], [3, CLASSES + 3], languages=2)
    crude = by_metric(found, "group.removal_ratio")["quality", "female"]
    assert crude.value == pytest.approx((50 / 120) / (25 / 450))
    adjusted = by_metric(found, "group.adjusted_removal_ratio")["quality", "female"]
    assert adjusted.value == pytest.approx(1.0)
    assert adjusted.low is not None
    assert adjusted.low < 1.0


def test_documents_that_could_not_mention_a_group_are_not_among_the_others() -> None:
    mentioned = np.zeros((30, 2), np.bool_)
    mentioned[:4, 0] = mentioned[:2, 1] = True
    classes = np.repeat([0, CLASSES], 15)
    # Men are told of in both languages, women in the first alone.
    known = np.array([[True, False], [True, True]])
    some = population(mentioned, classes, known)
    gone = np.zeros(30, np.int64)
    gone[[0, 1, 5, 20]] = 1
    counted = tally(some, gone, 2)
    cases, individuals = counted.rest(1)
    assert cases.sum(axis=1).tolist() == [1, 2]
    assert individuals.sum(axis=1).tolist() == [11, 28]
    weight = moments(some, np.arange(30.0))
    assert weight.around[:2].T.tolist() == [[15, 105], [30, 435]]
    assert weight.whole[:2].tolist() == [30, 435]


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
    assert rows["cut_share", None].value == 0.3
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
    ("kept", "count", "told", "fails"),
    [
        # A group that loses clearly more.
        ((100, 980), (1000, 1000), True, "female"),
        ((700, 100), (1000, 1000), True, "male"),
        # Less, but not below four fifths.
        ((850, 1000), (1000, 1000), True, None),
        # Far below, but of too few documents; of some more; and by chance.
        ((1, 990), (29, 1000), False, None),
        ((1, 990), (30, 1000), True, "female"),
        ((21, 990), (30, 1000), True, None),
        ((0, 30), (30, 30), True, "female"),
        # Nothing to compare with, and nothing kept.
        ((0, 990), (0, 1000), False, None),
        ((0, 0), (50, 50), False, None),
        ((0, 0), (0, 0), False, None),
    ],
)
def test_a_group_of_which_clearly_less_stays_is_below_the_other(
    kept: tuple[int, int], count: tuple[int, int], *, told: bool, fails: str | None
) -> None:
    found = by_chance(kept, count)
    assert [*found] == (["female", "male"] if told else [])
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
