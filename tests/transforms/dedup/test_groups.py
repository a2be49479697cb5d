"""Groups: how documents find each other, and that groups decide as the whole does."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.config import DedupConfig
from isinglass.schemas.errors import ConfigError, InputError
from isinglass.schemas.reasons import DUPLICATE_REASONS
from isinglass.transforms.dedup import groups, whole
from isinglass.transforms.dedup.groups import CANDIDATES, connect, pack, pair_up
from isinglass.transforms.read.identity import doc_id_words, doc_ids
from tests.corpora import document, make_rows
from tests.properties import examples

IDS = doc_ids("web", "a.jsonl", np.arange(400))
NAMES = IDS.to_pylist()


def documents(texts: list[str], first: int = 0) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [
            IDS.slice(first, len(texts)),
            pa.array(texts, pa.string()),
            pa.nulls(len(texts), pa.string()),
            pa.array(range(len(texts))),
        ],
        names=["doc_id", "text", "collected_at", "row"],
    )


def pairs(*named: tuple[int, int]) -> pa.RecordBatch:
    rows = [{"doc_id": NAMES[a], "other_doc_id": NAMES[b]} for a, b in named]
    return pa.RecordBatch.from_pylist(rows, schema=CANDIDATES)


def by_groups(
    batches: list[pa.RecordBatch], dedup: DedupConfig, chance: random.Random
) -> pa.Table:
    """All steps one after the other; whatever has no order is shuffled."""
    packed: dict[int, list[bytes]] = {}
    for batch in batches:
        survey = groups.survey(batch, dedup)
        for number, blob in pack(survey, 4, exact=dedup.exact):
            packed.setdefault(number, []).append(blob)
    found = [one for blobs in packed.values() for one in pair_up(blobs)]
    chance.shuffle(found)
    connected = [connect(found)] if found else []
    gathered: dict[str, list[pa.RecordBatch]] = {}
    for batch in batches:
        for group, part in groups.split(batch, connected):
            gathered.setdefault(group, []).append(part)
    removed = []
    for parts in gathered.values():
        chance.shuffle(parts)
        removed.append(groups.decide_group(parts, dedup))
    return pa.Table.from_batches(removed, schema=groups.REMOVED).sort_by("doc_id")


def expected(batches: list[pa.RecordBatch], dedup: DedupConfig) -> pa.Table:
    ids = pa.concat_arrays([batch.column("doc_id") for batch in batches])
    texts = [
        whole.Texts(b["text"], doc_id_words(b["doc_id"]), b["collected_at"])
        for b in batches
    ]
    decided = whole.deduplicate(texts, dedup)
    gone = np.flatnonzero(decided.fate)
    names = [str(DUPLICATE_REASONS[n - 1]) for n in decided.fate[gone]]
    arrays = [
        ids.take(pa.array(gone)),
        pa.array(names, pa.string()),
        ids.take(pa.array(decided.kept[gone])),
        pa.array(decided.similarity[gone]),
    ]
    return pa.Table.from_arrays(arrays, schema=groups.REMOVED).sort_by("doc_id")


@pytest.mark.parametrize(
    "settings",
    [{}, {"threshold": 0.5}, {"exact": False}, {"fuzzy": False}, {"ngram": 1}],
)
def test_groups_decide_as_the_whole_does(settings: dict[str, Any]) -> None:
    texts = [row["text"] for row in make_rows(200)]
    texts += ["short", "Short ", "", " ", "another"]
    batches = [documents(texts[n : n + 30], n) for n in range(0, len(texts), 30)]
    dedup = DedupConfig(**settings)
    found = by_groups(batches, dedup, random.Random(3))  # noqa: S311 - test data
    assert found.num_rows > 10
    assert found.equals(expected(batches, dedup))
    left = [groups.without(batch, found.to_batches()) for batch in batches]
    kept = [name for batch in left for name in batch.column("doc_id").to_pylist()]
    gone = set(found["doc_id"].to_pylist())
    assert kept == [name for name in NAMES[: len(texts)] if name not in gone]
    assert set(found["kept_doc_id"].to_pylist()) <= set(kept)
    assert left[0].schema == batches[0].schema


WORDS = st.lists(st.sampled_from("ab"), max_size=9).map(" ".join)


@given(st.lists(WORDS, min_size=1, max_size=15), st.integers(1, 6), st.randoms())
@examples(60)
def test_any_texts_are_decided_in_groups_as_together(
    texts: list[str], size: int, chance: random.Random
) -> None:
    dedup = DedupConfig(ngram=2, threshold=0.4)
    batches = [documents(texts[n : n + size], n) for n in range(0, len(texts), size)]
    assert by_groups(batches, dedup, chance).equals(expected(batches, dedup))


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=30))
@examples(100)
def test_groups_are_what_pairs_lead_to(named: list[tuple[int, int]]) -> None:
    named = [(a, b) for a, b in named if a != b]
    group = {n: {n} for pair in named for n in pair}
    for a, b in named:
        joined = group[a] | group[b]
        for n in joined:
            group[n] = joined
    made = connect([pairs(*named[:5]), pairs(*named[5:])]).to_pylist()
    assert {row["doc_id"]: row["group"] for row in made} == {
        NAMES[n]: min(NAMES[m] for m in members) for n, members in group.items()
    }


def test_short_texts_meet_by_their_whole_hash_alone() -> None:
    survey = groups.survey(documents(["one", "One ", "two"]), DedupConfig())
    assert list(pack(survey, 4)) == []
    blobs = [blob for _, blob in pack(survey, 1, exact=True)]
    found = [pair for batch in pair_up(blobs) for pair in batch.to_pylist()]
    assert [set(pair.values()) for pair in found] == [{NAMES[0], NAMES[1]}]


def test_one_doc_id_for_two_documents_is_refused() -> None:
    text = document(random.Random(1), 4)  # noqa: S311 - test data
    twice = [documents([text, text + " more"]), documents([text + " and more"])]
    with pytest.raises(InputError, match=f"doc_id {NAMES[0]} stands for two"):
        groups.decide_group(twice, DedupConfig())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"containment": 0.9}, "dedup.containment: only"),
        ({"against": ["runs/a"]}, "dedup.against: only"),
        ({"max_removed": {"source": 0.5}}, "dedup.max_removed: only"),
        ({"paragraphs": {}}, "dedup.paragraphs: only"),
        ({"repeats": {}}, "dedup.repeats: only"),
        ({"keep": "first"}, "dedup.keep: documents of a PCollection have no order"),
    ],
)
def test_what_takes_a_run_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        groups.check_section(DedupConfig.model_validate(settings))
    groups.check_section(DedupConfig(keep="newest", threshold=0.5))
