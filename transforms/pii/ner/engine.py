"""Which engine runs a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from isinglass.transforms.pii.ner.inference import Inference
from isinglass.transforms.pii.ner.own_engine import OwnEngine
from isinglass.transforms.pii.ner.pipe import (
    PipeEngine,
    keep_recogniser,
    load_pipeline,
)
from isinglass.transforms.pii.ner.weights import UnknownNetworkError
from isinglass.transforms.pii.recognizers import model_labels

if TYPE_CHECKING:
    from isinglass.transforms.pii.models import SpacyModel

NerEngine: TypeAlias = OwnEngine | PipeEngine


def load_engine(model: SpacyModel, wanted: frozenset[str]) -> NerEngine:
    """Load a model: by own inference where that is known to be equal, else by spaCy."""
    labels = {k: v for k, v in model_labels().items() if v in wanted}
    nlp = load_pipeline(model)
    try:
        return OwnEngine(model.name, Inference(nlp), labels)
    except UnknownNetworkError:
        keep_recogniser(nlp)
        return PipeEngine(model.name, nlp, labels)
