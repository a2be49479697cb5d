"""What only a person can say of a release: asked for once, and marked where missing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from isinglass.schemas.config.release import ALL, ReleaseConfig, SourceFacts

MISSING = "MISSING"


class Item(NamedTuple):
    """Something that has to be said.

    Attributes:
        key: As `release.require` names it.
        path: Where it is said.
        question: What is asked.
        said: The answer; empty if there is none.
    """

    key: str
    path: str
    question: str
    said: str

    @property
    def shown(self) -> str:
        """The answer, or that it is missing and where it is to be given."""
        return self.said or missing(self.path)


def missing(path: str) -> str:
    """What stands in a paper in the place of an answer."""
    return f"{MISSING}: {path}"


_QUESTIONS = {
    "licence": "Under which licence (SPDX) may it be used?",
    "purpose": "What was it made for, and what may it be used for?",
    "contact": "Who answers questions and requests for erasure?",
    "description": "What is in it?",
    "url": "Where is its page?",
    "creators": "Who made it?",
    "collection.how": "How was it collected, by whom and from where?",
    "collection.period": "From when to when was it collected?",
    "known_limits": "Which limits and biases are known?",
    "social_impact": "Whom may it help or harm?",
}
_OPT_OUTS = "How were reservations of rights respected when pages were crawled?"
_KIND = "Is it public, private, crawled, of users, synthetic, or other?"
_LICENCE = "Under which licence (SPDX) did it come?"
_OF_A_KIND = {
    "synthetic": {"synthetic_by": "Which model wrote it?"},
    "crawled": {"crawler": "Which crawler fetched it, and what did it respect?"},
}


def registry(settings: ReleaseConfig, sources: Iterable[str]) -> dict[str, Item]:
    """Everything that has to be said, by path, in the order of the papers."""
    items = [_item(key, question, settings) for key, question in _QUESTIONS.items()]
    if any(facts.kind == "crawled" for facts in settings.sources.values()):
        said = settings.opt_outs or ""
        items.append(Item("opt_outs", "release.opt_outs", _OPT_OUTS, said))
    for name in sources:
        facts = settings.sources.get(name, SourceFacts())
        path = f"release.sources.{name}"
        items.append(Item("sources", f"{path}.kind", _KIND, facts.kind or ""))
        items.append(Item("sources", f"{path}.licence", _LICENCE, facts.licence or ""))
        for key, question in _OF_A_KIND.get(facts.kind or "", {}).items():
            said = getattr(facts, key) or ""
            items.append(Item("sources", f"{path}.{key}", question, said))
    return {item.path: item for item in items}


def _item(key: str, question: str, settings: ReleaseConfig) -> Item:
    collection = settings.collection
    said = {
        "creators": ", ".join(settings.creators),
        "collection.how": collection.how,
        "collection.period": period(collection.collected_from, collection.collected_to),
    }
    value = said[key] if key in said else getattr(settings, key)
    return Item(key, f"release.{key}", question, value or "")


def period(first: str | None, last: str | None) -> str:
    """A stretch of time; empty unless both ends are known."""
    return f"{first} to {last}" if first and last else ""


def still_open(items: Iterable[Item]) -> list[Item]:
    """What nobody has said yet."""
    return [item for item in items if not item.said]


def lacking(settings: ReleaseConfig, items: Iterable[Item]) -> list[Item]:
    """What is open though `release.require` asks for it."""
    required = set(settings.require)
    return [one for one in still_open(items) if required & {one.key, ALL}]
