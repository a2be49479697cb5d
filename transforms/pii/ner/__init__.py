"""Named entities: texts in, flat spans out."""

from __future__ import annotations

from isinglass.transforms.pii.ner.engine import NerEngine, load_engine

__all__ = ["NerEngine", "load_engine"]
