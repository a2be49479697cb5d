"""Retention audit: does a stage remove documents of one group more than others?

Blocklists and quality filters are known to remove text about some people more than
text about others (Dodge et al. 2021, section 5). Each removing stage is therefore
measured by group: documents that mention the group, before, after and by reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from isinglass.transforms.demographics.lexicon import group_names
from isinglass.transforms.statistics.characteristics import share, statistic
from isinglass.transforms.statistics.intervals import share_ratio

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from isinglass.schemas.statistic import Statistic
    from isinglass.transforms.demographics.lexicon import Group
    from isinglass.transforms.statistics.sums import Slices

_STAGE = "output"


@dataclass(frozen=True)
class GroupDocuments:
    """Documents in a language that has a lexicon, and those that mention each group."""

    documents: int
    groups: dict[Group, int]


def group_documents(
    counts: NDArray[np.integer[Any]], covered: NDArray[np.bool_]
) -> GroupDocuments:
    """Count the documents that mention each group.

    Args:
        counts: Mentions, shape (n, groups), columns as `group_names()`.
        covered: Documents whose language has a lexicon, shape (n,).
    """
    found = (counts[covered] > 0).sum(axis=0)
    groups = {name: int(n) for name, n in zip(group_names(), found, strict=True)}
    return GroupDocuments(int(covered.sum()), groups)


def retention(before: GroupDocuments, after: GroupDocuments) -> list[Statistic]:
    """Return how many documents of each group stay.

    `group.retention` is the share of the group's documents that stay, with its Wilson
    interval; the row without a group is over all covered documents.
    `group.retention_ratio` is the former over the latter: 1 where the group fares as
    all do.

    Raises:
        ValueError: More documents are left than there were.
    """
    if before.documents == 0:
        return []
    whole = share("group.retention", (after.documents, before.documents), _STAGE)
    found = [whole]
    for (axis, group), documents in sorted(before.groups.items()):
        if documents == 0:
            continue
        slices: Slices = {"axis": axis, "group": group}
        counts = (after.groups.get((axis, group), 0), documents)
        stays = share("group.retention", counts, _STAGE, **slices)
        found.append(stays)
        if whole.value > 0:
            ratio = statistic(
                "group.retention_ratio",
                stays.value / whole.value,
                "ratio",
                _STAGE,
                numerator=stays.value,
                denominator=whole.value,
                **slices,
            )
            found.append(ratio)
    return found


def removal(
    before: GroupDocuments, removed: Mapping[str, GroupDocuments]
) -> list[Statistic]:
    """Return how many documents of each group each reason removes.

    `group.removed_share` is the share of the group's documents, with its Wilson
    interval. `group.removal_ratio` is that share over the share among documents that
    do not mention the group, with a 95 % log interval; where one of the counts is 0 it
    is left out.

    Raises:
        ValueError: More documents are removed than there were.
    """
    found: list[Statistic] = []
    metric = "group.removal_ratio"
    for reason, gone in sorted(removed.items()):
        for (axis, group), documents in sorted(before.groups.items()):
            if documents == 0:
                continue
            at: Slices = {"axis": axis, "group": group, "reason": reason}
            first = (gone.groups.get((axis, group), 0), documents)
            rest = (gone.documents - first[0], before.documents - documents)
            found.append(share("group.removed_share", first, _STAGE, **at))
            ratio = share_ratio(first, rest)
            if ratio is not None:
                value, low, high = ratio
                row = statistic(
                    metric, value, "ratio", _STAGE, low=low, high=high, **at
                )
                found.append(row)
    return found
