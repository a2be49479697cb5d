"""What gates can ask about: kinds, places and texts, as the configuration has them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from isinglass.pipelines.stages.pii.counts import fixed_operators
from isinglass.pipelines.stages.pii.leftovers import names_wanted
from isinglass.pipelines.stages.pii.recall import findable
from isinglass.schemas.config import RunConfig
from isinglass.transforms.pii.canaries.fakes import PERSON, POSITIONS, values

if TYPE_CHECKING:
    from isinglass.pipelines.stage import Columns


def parts(config: RunConfig) -> Mapping[str, Columns]:
    """Columns of the statistics of the room; see `Stage.slices`."""
    kinds, planted = _kinds(config)
    whole = {"entity": kinds}
    by_source: Columns = {"entity": kinds, "source": None}
    scanned = {**by_source, "language": None}
    return {
        "pii.changed": whole,
        "pii.found": by_source,
        "pii.kept": whole,
        "pii.leftovers": {"entity": planted},
        "pii.leftovers.rate": {"entity": planted},
        "pii.rate": by_source,
        "pii.recall": {
            "entity": planted,
            "language": None,
            "position": POSITIONS,
            "source": None,
        },
        "pii.second_scan.documents": scanned,
        "pii.second_scan.hits": scanned,
        "pii.unread": {"language": None},
    }


def _kinds(config: RunConfig) -> tuple[Collection[str] | None, Collection[str]]:
    """Kinds that can be found, and those of them that are planted.

    None where recognizers tell their kinds only when they are built.
    """
    pii = config.pii
    fixed = set(fixed_operators(config))
    if pii is None:
        return fixed, ()
    own = findable(pii)
    invented = {*values(), *({PERSON} if names_wanted(pii) else ())}
    planted = own & invented if pii.canaries.documents != 0 else set()
    added = pii.recognizers
    further = added.files or added.predefined
    return None if further else own | fixed, planted
