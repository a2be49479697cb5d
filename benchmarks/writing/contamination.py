"""Evaluation items by script: whole items are found, and set phrases are no item."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from benchmarks.measuring.processes import Target, table
from benchmarks.writing.personal import script_of
from isinglass.schemas.config import DecontaminateConfig
from isinglass.transforms.decontaminate.items import (
    CHARACTERS_PER_WORD,
    build_index,
    find_items,
)
from isinglass.transforms.normalise import normalise
from isinglass.transforms.units import unit_counts

if TYPE_CHECKING:
    from benchmarks.writing.catalogues import Messages

PER_ITEM = 6
"""Messages that an evaluation item consists of, and a document besides."""

PHRASE_WORDS = 8
"""Most words of a message that counts as a set phrase, in its own language."""

LEAST_ITEMS = 6


def run(catalogues: dict[str, Messages]) -> list[Target]:
    """A row a script: documents found that hold an item, half of one, or a phrase."""
    found: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for messages in catalogues.values():
        documents = _documents(messages)
        if not documents["a phrase"]:
            continue
        script = script_of(" ".join(messages.translated[:200]))
        index = build_index(
            pa.array(documents.pop("items"), pa.string()),
            DecontaminateConfig(files=("items",)),
        )
        held = {
            kind: np.asarray(
                find_items(normalise(pa.array(texts, pa.string())), index).item
            )
            >= 0
            for kind, texts in documents.items()
        }
        # Messages repeat each other: what falls without the phrase is left out.
        held["a phrase"] = held["a phrase"][~held.pop("no phrase")]
        for kind, outcomes in held.items():
            found[script][kind] += outcomes.tolist()
    kinds = ("a whole item", "half of an item", "a phrase")
    rows = [
        (script, len(own["a phrase"]), *(f"{np.mean(own[kind]):.3f}" for kind in kinds))
        for script, own in sorted(found.items())
    ]
    print(table(("script", "documents", *kinds), rows))
    dropped = sum(sum(own["a phrase"]) for own in found.values())
    whole = min(np.mean(own["a whole item"]) for own in found.values())
    return [
        Target(
            "documents with a set phrase that fall",
            "0",
            str(dropped),
            reached=dropped == 0,
        ),
        Target(
            "documents with a whole item that are found, least script",
            "1.000",
            f"{whole:.3f}",
            reached=bool(whole == 1),
        ),
    ]


def _words(text: str) -> float:
    """Units of a text, those of unspaced scripts as shares of a word."""
    ((units, unspaced),) = unit_counts(pa.array([text], pa.string())).tolist()
    return float(units - unspaced + unspaced / CHARACTERS_PER_WORD)


def _documents(messages: Messages) -> dict[str, list[str]]:
    """Items, and documents that hold each of them, half of it, or a phrase of it."""
    pairs = sorted(set(zip(messages.english, messages.translated, strict=True)))
    random.Random(1).shuffle(pairs)  # noqa: S311 - the same texts every time
    seen: set[str] = set()
    distinct = [
        (english, translated)
        for english, translated in pairs
        if not (translated in seen or seen.add(translated))  # type: ignore[func-returns-value]
    ]
    made: dict[str, list[str]] = defaultdict(list)
    half = len(distinct) // 2
    ours, others = distinct[:half], [t for _, t in distinct[half:]]
    count = min(len(ours), len(others)) // PER_ITEM
    if count < LEAST_ITEMS:
        return made
    for number in range(count):
        part = slice(number * PER_ITEM, (number + 1) * PER_ITEM)
        item = [translated for _, translated in ours[part]]
        around = others[part]
        made["items"].append(" ".join(item))
        made["a whole item"].append(" ".join([around[0], *item, *around[1:]]))
        made["half of an item"].append(" ".join([*around, *item[: PER_ITEM // 2]]))
        short = [text for text in item if _words(text) <= PHRASE_WORDS]
        made["a phrase"] += [" ".join([around[0], t, *around[1:]]) for t in short[:1]]
        made["no phrase"] += [" ".join(around) for _ in short[:1]]
    return made
