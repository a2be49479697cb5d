"""Evaluations of encoders: the packaged one, and a small one with random weights."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from isinglass.pipelines.stages.encode.evaluation.embed import Embedder, load_embedder
from isinglass.pipelines.stages.encode.evaluation.evaluate import evaluate
from isinglass.schemas.config import EncodeConfig
from isinglass.schemas.config.evaluation import EvaluationConfig
from isinglass.schemas.errors import ConfigError, InputError
from isinglass.transforms.associations.contexts import Context
from isinglass.transforms.associations.lists import load_tests
from isinglass.transforms.associations.measure import Sets, measure
from isinglass.transforms.encode.models.find import packaged_folder

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.schemas.evaluation import ModelEvaluation

LISTS = {
    "name": "ours",
    "version": "1",
    "language": "en",
    "source": "somebody",
    "licence": "CC0-1.0",
    "sets": {
        "x": {"kind": "noun", "words": ["rose", "tulip", "orchid"]},
        "y": {"kind": "noun", "words": ["wasp", "maggot", "beetle"]},
        "a": {"words": ["love", "peace", "joy"]},
        "b": {"words": ["filth", "poison", "agony"]},
    },
    "tests": [
        {"id": "own", "title": "Own", "targets": ["x", "y"], "attributes": ["a", "b"]}
    ],
}
WORDS = [word for one in LISTS["sets"].values() for word in one["words"]]  # type: ignore[attr-defined]

PIECES = ("bag", "##pipe")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of random weights with MiniLM's tokenizer."""
    import torch  # noqa: PLC0415
    from transformers import BertConfig, BertModel  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("model") / "small"
    torch.manual_seed(7)
    BertModel(
        BertConfig(
            hidden_size=24,
            num_hidden_layers=1,
            num_attention_heads=3,
            intermediate_size=40,
            max_position_embeddings=64,
        )
    ).save_pretrained(folder)
    shutil.copy(packaged_folder() / "tokenizer.json", folder)
    return folder


@pytest.fixture(scope="module")
def embedder(small: Path) -> Embedder:
    return load_embedder(settings(small))


def settings(folder: Path, **others: Any) -> EncodeConfig:
    both = {"model": str(folder), "tokenizer": str(folder), "max_tokens": 32}
    return EncodeConfig.model_validate({**both, **others})


def run(folder: Path, model: Path, **associations: Any) -> ModelEvaluation:
    folder.mkdir(exist_ok=True)
    lists = json.dumps(LISTS, ensure_ascii=False)
    (folder / "ours.yaml").write_text(lists, "utf-8")
    config = EvaluationConfig.model_validate(
        {
            "encode": settings(model),
            "output": "out",
            "associations": {"packaged": False, "lists": ["ours.yaml"], **associations},
        }
    )
    return evaluate(config, folder).evaluation


def write_texts(folder: Path, least: int = 12) -> None:
    """Sentences that hold every word at least so often."""
    ends = ["is here", "was there", "will come", "has gone"]
    rows = [
        {"text": f"Say this. The {word} {ends[n % 4]} {n} times. And that."}
        for word in WORDS
        for n in range(least)
    ]
    (folder / "texts.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))


def test_all_kinds_of_an_encoder(tmp_path: Path, small: Path) -> None:
    write_texts(tmp_path)
    found = run(tmp_path, small, texts="texts.jsonl", sets=200, contexts=10)
    assert not found.skipped.keys() & {"weat", "seat", "ceat"}
    assert found.notes["precision"] == "float32"
    assert found.notes["sentences of CEAT"] == str(10 * len(WORDS))
    assert [one.role for one in found.models] == [
        "tokenizer",
        "encoder",
        "encoder settings",
    ]
    kinds = found.kinds
    assert kinds.weat is not None
    assert kinds.seat is not None
    assert kinds.ceat is not None
    seat, ceat = kinds.seat.tests[0], kinds.ceat.tests[0]
    assert seat.permutations is not None
    assert (seat.permutations.exact, seat.permutations.partitions) == (True, 20)
    assert seat.p_sentences is not None
    assert ceat.random_effects is not None
    drawn = ceat.random_effects
    assert (drawn.sets, drawn.contexts) == (200, 10)
    assert drawn.low < ceat.effect_size < drawn.high
    assert drawn.spread_low < ceat.effect_size < drawn.spread_high
    again = run(tmp_path / "again", small, texts=str(tmp_path / "texts.jsonl"))
    assert again.kinds.seat == found.kinds.seat


def test_words_in_too_few_sentences_are_named(tmp_path: Path, small: Path) -> None:
    write_texts(tmp_path, 4)
    with pytest.raises(InputError) as error:
        run(tmp_path, small, texts="texts.jsonl")
    assert "of the 3 words of x 0 stand in 10 sentences or more" in str(error.value)
    with (tmp_path / "texts.jsonl").open("a") as file:
        file.writelines(
            json.dumps({"text": f"A {word} it is."}) + "\n"
            for word in WORDS
            if word != "tulip"
        )
    found = run(tmp_path, small, texts="texts.jsonl", least_contexts=5, sets=100)
    assert "CEAT leaves out 1 of 12 words" in found.warnings[0]
    assert found.warnings[0].endswith("fewer than 5 sentences: tulip (4).")
    assert found.kinds.ceat is not None
    assert found.kinds.ceat.tests[0].words[0].missing == ["tulip"]


def test_words_that_the_tokenizer_does_not_know_are_left_out(
    embedder: Embedder, tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert embedder.known(["rose", "🜁", "maggot 𓀀"]) == {"rose"}
    sets = json.loads(json.dumps(LISTS["sets"]))
    sets["x"]["words"].append("🜁")
    monkeypatch.setitem(LISTS, "sets", sets)
    kinds = run(tmp_path, small).kinds
    assert kinds.weat is not None
    assert kinds.seat is not None
    for found in (kinds.weat, kinds.seat):
        assert found.tests[0].words[0].missing == ["🜁"]
        assert found.tests[0].words[0].found == 3


def test_texts_that_are_not_there_are_refused(tmp_path: Path, small: Path) -> None:
    with pytest.raises(InputError, match=r"texts: .*none does not exist"):
        run(tmp_path, small, texts="none")


def test_kinds_that_need_texts_say_so(tmp_path: Path, small: Path) -> None:
    found = run(tmp_path, small)
    said = "associations.texts names no texts to find words in."
    assert found.skipped["ceat"] == said
    assert not found.skipped.keys() & {"weat", "seat"}


def test_a_model_of_nobody_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"encode\.tokenizer"):
        run(tmp_path, tmp_path / "none")


def test_a_word_has_the_states_of_its_own_tokens(
    embedder: Embedder, small: Path
) -> None:
    import torch  # noqa: PLC0415
    from transformers import BertModel  # noqa: PLC0415

    sentences = ["An unforgettable bagpipe is here.", "bagpipe"]
    starts = [sentence.index("bagpipe") for sentence in sentences]
    contexts = [Context(s, at, at + 7) for s, at in zip(sentences, starts, strict=True)]
    found = embedder.in_context(contexts)
    model = BertModel.from_pretrained(small).eval()
    for sentence, vector in zip(sentences, found, strict=True):
        encoded = embedder.tokenizer.library.encode(sentence)
        own = [n for n, piece in enumerate(encoded.tokens) if piece in PIECES]
        assert len(own) == len(PIECES)
        with torch.inference_mode():
            states = model(torch.tensor([encoded.ids])).last_hidden_state[0]
        expected = states[own].mean(dim=0).numpy()
        assert vector == pytest.approx(expected, abs=2e-3)


def test_a_word_that_is_not_seen_has_no_vector(embedder: Embedder) -> None:
    text = "the " * 60 + "rose"
    found = embedder.in_context([Context(text, 240, 244), Context("rose", 0, 4)])
    assert not found[0].any()
    assert found[1].any()
    assert embedder.in_context([]).shape == (0, 24)


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_effects_do_not_depend_on_batches(precision: str) -> None:
    tests = load_tests(only=["weat6-career", "weat7-math", "weat8-science"]).all
    texts = sorted({s for t in tests for one in t.sets for s in one.sentences()})
    rows = {text: row for row, text in enumerate(texts)}
    effects = []
    for batch_tokens in (256, 2048):
        config = {"precision": precision, "batch_tokens": batch_tokens}
        made = load_embedder(EncodeConfig.model_validate(config))
        assert made.notes["precision"] == precision
        vectors = made(texts)
        for test in tests:
            flat = [
                vectors[[rows[s] for s in one.sentences()]].reshape(
                    len(one.words), -1, made.encoder.dimensions
                )
                for one in test.sets
            ]
            sets: Sets = flat[0], flat[1], flat[2], flat[3]
            found = measure(sets, 100, 1)
            assert found is not None
            effects.append(found.effect_size)
    assert effects[:3] == pytest.approx(effects[3:], abs=1e-4)
    assert effects[:3] == pytest.approx([1.258, 0.339, 0.611], abs=0.03)
