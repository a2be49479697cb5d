"""Names that a model proposes: cut to their form, confirmed, and put in their place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from isinglass.transforms.pii.budget import Budget
from isinglass.transforms.pii.confirm import (
    FORMS,
    LAYERS,
    Confirmer,
    Head,
    Mention,
    form,
)
from isinglass.transforms.pii.found import MODEL_DETECTOR, FoundColumns, Origin
from isinglass.transforms.pii.markup import without_markup
from isinglass.transforms.pii.models import find_model
from isinglass.transforms.pii.names import NameFinder
from isinglass.transforms.pii.plain import make_plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TEXTS = pa.array(
    ["by <b>Anna</b>&nbsp;Kowalska, in\nOslo", "see read_file", "Peter left for Rome"]
)


class Fixed:
    """A model that proposes given words of each text, as people or as places."""

    name = "fixed"

    def __init__(self, people: Sequence[str], places: Sequence[str] = ()) -> None:
        self.people, self.places = people, places

    def scan(
        self,
        texts: pa.StringArray,
        rows: NDArray[np.int64],
        budget: Budget,
        found: FoundColumns,
    ) -> None:
        assert not budget.failed
        for row, text in zip(rows.tolist(), texts.to_pylist(), strict=True):
            for entity, words in (("PERSON", self.people), ("LOCATION", self.places)):
                for word in words:
                    start = text.find(word)
                    if start >= 0:
                        origin = Origin(entity, MODEL_DETECTOR, self.name, 0.85)
                        found.add((row, start, start + len(word)), origin)


def found_by(finder: NameFinder, budget: Budget) -> list[tuple[str, str]]:
    found = FoundColumns()
    shown = without_markup(make_plain(TEXTS))
    finder.scan(shown, np.array([0, 1, 2]), budget, found)
    return [
        (row["entity"], TEXTS[row["row"]].as_py()[row["start"] : row["end"]])
        for row in found.batch().to_pylist()
    ]


def test_names_are_cut_to_their_form_at_their_place_in_the_source() -> None:
    model = Fixed(["Anna Kowalska, in\nOslo", "read_file", "Peter"], ["Rome"])
    finder = NameFinder(model)  # type: ignore[arg-type]
    assert found_by(finder, Budget(60.0, None)) == [
        ("PERSON", "Anna</b>&nbsp;Kowalska, in"),
        ("PERSON", "Oslo"),
        ("PERSON", "Peter"),
        ("LOCATION", "Rome"),
    ]


def test_what_is_not_confirmed_is_no_finding_and_places_are_not_asked() -> None:
    class Refuses:
        def people(self, mentions: Sequence[Mention]) -> NDArray[np.bool_]:
            assert mentions[-1] == Mention("", "Peter", " left for Rome")
            return np.array([mention.name != "Peter" for mention in mentions])

    model = Fixed(["Anna Kowalska", "Peter"], ["Rome"])
    finder = NameFinder(model, Refuses())  # type: ignore[arg-type]
    assert found_by(finder, Budget(60.0, None)) == [
        ("PERSON", "Anna</b>&nbsp;Kowalska"),
        ("LOCATION", "Rome"),
    ]


def test_a_row_that_failed_has_no_findings() -> None:
    class Fails(Fixed):
        def scan(
            self,
            texts: pa.StringArray,
            rows: NDArray[np.int64],
            budget: Budget,
            found: FoundColumns,
        ) -> None:
            super().scan(texts, rows, budget, found)
            budget.fail(2, ValueError())

    finder = NameFinder(Fails(["Peter"]))  # type: ignore[arg-type]
    assert found_by(finder, Budget(60.0, None)) == []


def test_form_is_what_small_letters_hide() -> None:
    assert len(form(Mention("", "x", ""))) == FORMS
    upper, lower = (form(Mention("a. ", name, ",")) for name in ("ANNA", "anna"))
    assert upper != lower
    assert min(upper) >= 0
    assert max(upper) <= 1


@pytest.fixture(scope="module")
def confirmer() -> Confirmer:
    head = find_model("en_person", "en").head
    assert head is not None
    return Confirmer.load(head)


@pytest.mark.parametrize(
    ("text", "name", "person"),
    [
        ("In an interview, Madison Okafor said that she had left.", "Madison", True),
        ("The factory in Madison, Wisconsin, was closed in 1998.", "Madison", False),
        ("Yesterday Peter Thompson signed the contract.", "Peter Thompson", True),
        ("Install Jenkins and Kafka with the package manager.", "Kafka", False),
        ("D.C. Law 5-38 amended section 4.", "D.C. Law", False),
    ],
)
def test_the_head_reads_the_words_around(
    confirmer: Confirmer, text: str, name: str, *, person: bool
) -> None:
    start = text.index(name)
    (kept,) = confirmer.people([Mention.of(text, start, start + len(name))])
    assert bool(kept) is person


def test_a_name_is_judged_alike_alone_and_among_others(confirmer: Confirmer) -> None:
    mentions = [
        Mention("by ", "Anna Kowalska", " of Oslo"),
        Mention("", "\u2014", ""),
        Mention("x " * 300, "Peter", " y" * 300),
    ]
    together = confirmer.head.probabilities(confirmer.trunk.features(mentions))
    alone = [
        float(confirmer.head.probabilities(confirmer.trunk.features([one]))[0])
        for one in mentions
    ]
    assert together == pytest.approx(alone, abs=1e-4)


def test_who_stands_at_the_threshold_is_judged_alone(confirmer: Confirmer) -> None:
    mentions = [Mention("by ", name, " of Oslo") for name in ("Anna", "Bo", "Kafka")]
    features = confirmer.trunk.features(mentions[1:2])
    (alone,) = confirmer.head.probabilities(features)
    for low, kept in ((float(alone), True), (float(alone) + 1e-7, False)):
        head = replace(confirmer.head, threshold=low)
        verdicts = Confirmer(confirmer.trunk, head).people(mentions)
        assert bool(verdicts[1]) is kept


def test_equal_mentions_are_read_once(confirmer: Confirmer) -> None:
    class Counts:
        read = 0

        def features(self, mentions: Sequence[Mention]) -> NDArray[np.float32]:
            Counts.read += len(mentions)
            return confirmer.trunk.features(mentions)

    judge = Confirmer(Counts(), confirmer.head)  # type: ignore[arg-type]
    anna, kafka = Mention("by ", "Anna", " of Oslo"), Mention("run ", "kafka", "-cli")
    first = judge.people([anna, kafka, anna]).tolist()
    assert first[0] == first[2]
    assert judge.people([kafka, anna]).tolist() == [first[1], first[0]]
    assert Counts.read == 2
    assert judge.people([]).tolist() == []


def test_probabilities_are_those_of_the_two_layers() -> None:
    head = Head(
        np.array([[1.0], [0.0]], np.float32),
        np.zeros(1, np.float32),
        np.array([2.0], np.float32),
        -1.0,
        0.5,
    )
    inner = np.array([0.0, 3.0], np.float32)
    features = np.stack([inner, np.ones(2, np.float32)], axis=1)
    hidden = inner / (1 + np.exp(-1.702 * inner))
    expected = 1 / (1 + np.exp(-(2 * hidden - 1)))
    assert head.probabilities(features) == pytest.approx(expected, abs=1e-6)


def test_layers_are_those_of_the_encoder(confirmer: Confirmer) -> None:
    torch = pytest.importorskip("torch")
    from isinglass.transforms.encode.forward.batch import DeviceBatch  # noqa: PLC0415

    trunk = confirmer.trunk
    mention = Mention("the letter of ", "Anna Kowalska", " came late")
    (ids,), ((low, high),) = trunk._pieces([mention])
    lengths = np.array([len(ids)])
    starts = torch.tensor([0, len(ids)], dtype=torch.int32)
    batch = DeviceBatch(torch.tensor(ids, dtype=torch.int32), starts, lengths)
    wanted = []
    with torch.inference_mode():
        hidden = trunk.model.embedding(batch)
        for number, layer in enumerate(trunk.model.layers, 1):
            hidden = layer(hidden, batch)
            if number in LAYERS:
                wanted.append(hidden[low:high].mean(dim=0).numpy())
    (seen,) = trunk.features([mention])
    assert seen[:-FORMS] == pytest.approx(np.concatenate(wanted), abs=1e-5)
