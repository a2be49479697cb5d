"""Figures of a trained model: `python -m training.person.score FOLDER...`.

F1 of PERSON on the development sets (any overlap), and findings in 1,000 words of text
that holds few names, for some biases of the move O; with `--head FILE` for some
thresholds of the head that confirms them.
"""

from __future__ import annotations

import argparse
import json
import random
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import spacy
from numpy.typing import NDArray

from isinglass.transforms.pii.confirm import Confirmer, Mention
from isinglass.transforms.pii.evaluation import Labels, Span, match_spans
from isinglass.transforms.pii.name_form import name_spans
from isinglass.transforms.pii.ner.inference import Inference

DATA = Path(__file__).resolve().parents[3] / "shared/data"
SETS = ("wikigold", "presidio_synth_v2", "wnut17_test")
TECHNICAL = (
    "MicrosoftDocs/windows-driver-docs-ddi",
    "MicrosoftDocs/win32",
    "tldr-pages/tldr",
    "cockroachdb/docs",
    "MicrosoftDocs/PowerShell-Docs",
    "python/peps",
    "rust-lang/rfcs",
)
LAW = ("DCCouncil/law-xml",)
_SAMPLE = 400


class Model:
    """A recogniser whose bias of O can be set."""

    def __init__(self, folder: Path, bias: float, *, form: bool) -> None:
        self._form = form
        self._inference = Inference(spacy.load(folder))
        weights: Any = self._inference._weights  # noqa: SLF001 - this is a probe
        changed = replace(weights, out_bias=weights.out_bias + bias)
        self._inference.__dict__["_weights"] = changed
        network: Any = self._inference._network  # noqa: SLF001
        network.__init__(changed)

    def people(self, texts: list[str]) -> list[Span]:
        """Findings with a letter in them."""
        found = self._inference.spans(pa.array(texts, pa.string()))
        person = self._inference.labels.index("PERSON")
        columns = (found.texts, found.starts, found.ends, found.labels)
        return [
            Span(text, low, high, "PERSON")
            for text, start, end, label in zip(
                *(c.tolist() for c in columns), strict=True
            )
            if label == person and any(map(str.isalpha, texts[text][start:end]))
            for low, high in (
                name_spans(texts[text], start, end) if self._form else [(start, end)]
            )
        ]


@dataclass(frozen=True)
class Labelled:
    """Texts, their labels, and what was found with how much confidence."""

    texts: list[str] = field(repr=False)
    gold: list[Span] = field(repr=False)
    found: list[Span] = field(repr=False)
    chance: NDArray[np.float32] = field(repr=False)

    @classmethod
    def of(
        cls, texts: list[str], gold: list[Span], model: Model, head: Confirmer | None
    ) -> Labelled:
        """Let the model find; without a head all is certain."""
        found = model.people(texts)
        chance = np.ones(len(found), np.float32)
        if head is not None and found:
            mentions = [Mention.of(texts[s.record], s.start, s.end) for s in found]
            chance = head.head.probabilities(head.trunk.features(mentions))
        return cls(texts, gold, found, chance)

    def kept(self, threshold: float) -> list[Span]:
        """What is found with at least this confidence."""
        return [self.found[row] for row in np.flatnonzero(self.chance >= threshold)]

    def f1(self, threshold: float) -> str:
        """Precision, recall and F1."""
        match = match_spans(self.gold, self.kept(threshold), ["PERSON"])
        score = match["PERSON"].score
        return " ".join(
            f"{x or 0:.3f}" for x in (score.precision, score.recall, score.f(1))
        )

    def rate(self, threshold: float) -> str:
        """Findings in 1,000 words."""
        words = sum(len(text.split()) for text in self.texts)
        return f"{len(self.kept(threshold)) / words * 1000:.2f}"


def read_labelled(name: str) -> tuple[list[str], list[Span]]:
    """Texts and labels of a set."""
    labels = Labels.of(["PERSON", "LOCATION"])
    lines = (DATA / f"pii/{name}.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    gold = [
        Span(number, span["start"], span["end"], labels.entity(span["label"]) or "")
        for number, record in enumerate(records)
        for span in record["spans"]
    ]
    return [record["text"] for record in records], gold


def texts_of(sources: tuple[str, ...]) -> list[str]:
    """A sample of the corpus."""
    found: list[str] = []
    for path in sorted((DATA / "corpus").glob("*.parquet")):
        table = pq.read_table(path, columns=["text", "source"])
        rows = zip(table["text"].to_pylist(), table["source"].to_pylist(), strict=True)
        found += [text for text, source in rows if source in sources]
    return random.Random(7).sample(found, _SAMPLE)  # noqa: S311


def main() -> None:
    """Print a row a model, bias and threshold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--bias", nargs="+", type=float, default=[0.0, 0.8, 1.6])
    parser.add_argument("--form", action="store_true", help="apply the form rules")
    parser.add_argument("--head", type=Path, help="confirm.npz")
    parser.add_argument("--threshold", nargs="+", type=float, default=[0.5])
    arguments = parser.parse_args()
    head = None if arguments.head is None else Confirmer.load(arguments.head)
    sets = {name: read_labelled(name) for name in (*SETS, "clean_pydoc")}
    plain = {"technical": texts_of(TECHNICAL), "law": texts_of(LAW)}
    sets |= {name: (texts, []) for name, texts in plain.items()}
    print("| model | bias | threshold | " + " | ".join(sets) + " |")
    for folder, bias in product(arguments.folders, arguments.bias):
        model = Model(folder, bias, form=arguments.form)
        scored = [Labelled.of(*data, model, head) for data in sets.values()]
        for threshold in arguments.threshold:
            cells = [data.f1(threshold) for data in scored[: len(SETS)]]
            cells += [data.rate(threshold) for data in scored[len(SETS) :]]
            row = [folder.name, f"{bias:+.1f}", f"{threshold:g}", *cells]
            print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
