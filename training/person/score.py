"""Figures of a trained model: `python -m training.person.score FOLDER...`.

F1 of PERSON on the development sets (any overlap), and findings in 1,000 words of text
that holds few names, for some biases of the move O.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import spacy

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


def f1(model: Model, name: str) -> tuple[float, float, float]:
    """Precision, recall and F1 on a labelled set."""
    labels = Labels.of(["PERSON", "LOCATION"])
    lines = (DATA / f"pii/{name}.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    gold = []
    for number, record in enumerate(records):
        for span in record["spans"]:
            entity = labels.entity(span["label"]) or ""
            gold.append(Span(number, span["start"], span["end"], entity))
    found = model.people([record["text"] for record in records])
    score = match_spans(gold, found, ["PERSON"])["PERSON"].score
    return score.precision or 0.0, score.recall or 0.0, score.f(1) or 0.0


def texts_of(sources: tuple[str, ...]) -> list[str]:
    """A sample of the corpus."""
    found: list[str] = []
    for path in sorted((DATA / "corpus").glob("*.parquet")):
        table = pq.read_table(path, columns=["text", "source"])
        rows = zip(table["text"].to_pylist(), table["source"].to_pylist(), strict=True)
        found += [text for text, source in rows if source in sources]
    return random.Random(7).sample(found, _SAMPLE)  # noqa: S311


def rate(model: Model, texts: list[str]) -> float:
    """Findings in 1,000 words."""
    words = sum(len(text.split()) for text in texts)
    return len(model.people(texts)) / words * 1000


def main() -> None:
    """Print a row a model and bias."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--bias", nargs="+", type=float, default=[0.0, 0.8, 1.6])
    parser.add_argument("--form", action="store_true", help="apply the form rules")
    arguments = parser.parse_args()
    clean = DATA / "pii/clean_pydoc.jsonl"
    lines = clean.read_text(encoding="utf-8").splitlines()
    plain = {
        "clean_pydoc": [json.loads(line)["text"] for line in lines],
        "technical": texts_of(TECHNICAL),
        "law": texts_of(LAW),
    }
    head = "| model | bias | " + " | ".join(f"{s}: P R F1" for s in SETS)
    print(head + " | " + " | ".join(f"{p} / 1,000" for p in plain) + " |")
    for folder in arguments.folders:
        for bias in arguments.bias:
            model = Model(folder, bias, form=arguments.form)
            cells = [" ".join(f"{x:.3f}" for x in f1(model, name)) for name in SETS]
            cells += [f"{rate(model, texts):.2f}" for texts in plain.values()]
            print(f"| {folder.name} | {bias:+.1f} | " + " | ".join(cells) + " |")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
