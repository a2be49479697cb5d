"""Retention audit: does a stage remove documents of one group more than others?

Blocklists and quality filters are known to remove text about some people more than
text about others (Dodge et al. 2021, section 5). Each removing stage is therefore
measured by group: documents that mention the group, before, after and by reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from isinglass.schemas.statistic import Statistic
from isinglass.transforms.demographics.groups import ratio as share_of
from isinglass.transforms.statistics.characteristics import CHARACTERISTICS
from isinglass.transforms.statistics.intervals import share_ratio

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from isinglass.transforms.demographics.lexicon import Group


@dataclass(frozen=True)
class GroupDocuments:
    """Documents, and those of them that mention each group.

    Attributes:
        documents: Documents in a language that has a lexicon.
        groups: By (axis, group); groups overlap.
    """

    documents: int
    groups: dict[Group, int]


def group_documents(
    counts: NDArray[np.integer[Any]],
    covered: NDArray[np.bool_],
    columns: Sequence[Group],
) -> GroupDocuments:
    """Count the documents that mention each group.

    Args:
        counts: Mentions, shape (n, groups).
        covered: Documents whose language has a lexicon, shape (n,).
        columns: Axis and group of each column.
    """
    found = (counts[covered] > 0).sum(axis=0)
    groups = {name: int(n) for name, n in zip(columns, found, strict=True)}
    return GroupDocuments(int(covered.sum()), groups)


def retention(
    before: GroupDocuments, after: GroupDocuments, stage: str = "output"
) -> list[Statistic]:
    """Return how many documents of each group stay.

    `group.retention` is the share of the group's documents that stay, with its Wilson
    interval; the row without a group is over all covered documents.
    `group.retention_ratio` is the former over the latter: 1 where the group fares as
    all do.

    Args:
        before: Ahead of the stage.
        after: Behind it; a part of `before`.
        stage: Stage of the statistics.

    Raises:
        ValueError: More documents are left than there were.
    """
    if before.documents == 0:
        return []
    overall = after.documents / before.documents
    pair = (after.documents, before.documents)
    found = [share_of("group.retention", pair, stage, {})]
    for (axis, group), documents in sorted(before.groups.items()):
        if documents == 0:
            continue
        slices = {"axis": axis, "group": group}
        pair = (after.groups.get((axis, group), 0), documents)
        share = share_of("group.retention", pair, stage, slices)
        found.append(share)
        if overall > 0:
            found.append(_retention_ratio(share.value, overall, stage, slices))
    return found


def removal(
    before: GroupDocuments,
    removed: Mapping[str, GroupDocuments],
    stage: str = "output",
) -> list[Statistic]:
    """Return how many documents of each group each reason removes.

    `group.removed_share` is the share of the group's documents, with its Wilson
    interval. `group.removal_ratio` is that share over the share among documents that
    do not mention the group, with a 95 % log interval; where one of the counts is 0 it
    is left out.

    Args:
        before: Ahead of the stage.
        removed: By reason; parts of `before`.
        stage: Stage of the statistics.

    Raises:
        ValueError: More documents are removed than there were.
    """
    found: list[Statistic] = []
    for reason, gone in sorted(removed.items()):
        for name, documents in sorted(before.groups.items()):
            if documents == 0:
                continue
            slices = {"axis": name[0], "group": name[1], "reason": reason}
            first = (gone.groups.get(name, 0), documents)
            rest = (gone.documents - first[0], before.documents - documents)
            found.append(share_of("group.removed_share", first, stage, slices))
            ratio = share_ratio(first, rest)
            if ratio is not None:
                found.append(_removal_ratio(ratio, stage, slices))
    return found


def _retention_ratio(
    share: float, overall: float, stage: str, slices: dict[str, Any]
) -> Statistic:
    metric = "group.retention_ratio"
    return Statistic(
        metric,
        share / overall,
        "ratio",
        stage,
        CHARACTERISTICS[metric],
        numerator=share,
        denominator=overall,
        **slices,
    )


def _removal_ratio(
    ratio: tuple[float, float, float], stage: str, slices: dict[str, Any]
) -> Statistic:
    metric = "group.removal_ratio"
    value, low, high = ratio
    return Statistic(
        metric,
        value,
        "ratio",
        stage,
        CHARACTERISTICS[metric],
        low=low,
        high=high,
        **slices,
    )
