"""A corpus of three topics with planted duplicates, in words and in meaning."""

from __future__ import annotations

import itertools
import random
import re
from typing import Any

_TOPICS: dict[str, tuple[tuple[str, ...], dict[str, tuple[str, ...]]]] = {
    "baking": (
        (
            "The {who} kneads the {dough} while the {oven} warms behind the counter.",
            "Put the {dough} into the {oven} once the crust of the {loaf} is scored.",
            "The {loaf} rose for the whole night, and the {who} salted the {dough}.",
            "For the {loaf} the {who} weighs the flour, the yeast and the butter.",
        ),
        {
            "who": ("baker", "apprentice", "cook", "pastry chef", "miller"),
            "dough": ("dough", "batter", "sourdough", "leaven", "pastry"),
            "oven": ("oven", "stone oven", "baking tin", "stove", "wood fire"),
            "loaf": ("loaf", "rye bread", "brioche", "baguette", "cinnamon roll"),
        },
    ),
    "sailing": (
        (
            "The {who} hoists the {sail} as the {boat} leaves the {place}.",
            "Off the {place} the {boat} heels under the {sail} in the gale.",
            "The {who} tied the {boat} to the quay of the {place} at the low tide.",
            "With the {sail} reefed the {who} steers the {boat} past the buoy.",
        ),
        {
            "who": ("skipper", "helmsman", "sailor", "deckhand", "navigator"),
            "sail": ("mainsail", "jib", "spinnaker", "genoa", "topsail"),
            "boat": ("ketch", "sloop", "schooner", "cutter", "catamaran"),
            "place": ("harbour", "estuary", "lagoon", "headland", "strait"),
        },
    ),
    "astronomy": (
        (
            "The {who} points the {tool} at the {object} before the moon rises.",
            "The {tool} shows the {object} and the {other} in the southern sky.",
            "The light of the {object} left it before the {who} built the {tool}.",
            "The {who} measured the orbit of the {other} with the {tool} in the dome.",
        ),
        {
            "who": ("astronomer", "observer", "stargazer", "physicist", "student"),
            "tool": ("telescope", "spectrograph", "refractor", "antenna", "sextant"),
            "object": ("nebula", "galaxy", "pulsar", "red giant", "quasar"),
            "other": ("comet", "asteroid", "moon of Jupiter", "planet", "meteor"),
        },
    ),
}
TOPICS = tuple(_TOPICS)


def topic_text(topic: str, chance: random.Random) -> str:
    """A document of a topic: each of its sentences once, in some order."""
    templates, words = _TOPICS[topic]
    order = chance.sample(templates, len(templates))
    return " ".join(
        text.format(**{slot: chance.choice(words[slot]) for slot in words})
        for text in order
    )


def same_meaning(text: str) -> str:
    """A text that says the same, of which deduplication by words does not know.

    Every second "the" becomes "a", so few stretches of five words are left. Cosines of
    the packaged model: 0.96 and more, of other documents less than that.
    """
    articles = itertools.cycle(("the", "a"))
    return re.sub(r"\bthe\b", lambda _: next(articles), text)


def make_topics(count: int, seed: int = 5) -> list[dict[str, Any]]:
    """Rows of three topics in turn.

    Of 12 rows the last three are the three before them: an exact duplicate, and two
    that say the same in other words. `topic` and `copies` are carried columns.
    """
    chance = random.Random(seed)  # noqa: S311 - test data
    rows: list[dict[str, Any]] = []
    for number in range(count):
        place, topic, copied = number % 12, TOPICS[number % 3], None
        if place >= 9:
            copied = rows[number - 3]
            text, topic = copied["text"], copied["topic"]
            text = text.upper() if place == 9 else same_meaning(text)
        else:
            text = topic_text(topic, chance)
        copies = "" if copied is None else copied["id"]
        row = {"id": f"t{number}", "text": text, "topic": topic, "copies": copies}
        rows.append(row)
    return rows
