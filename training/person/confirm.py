"""Train the head that confirms names: `python -m training.person.confirm STUDENT`.

Examples are names, places and organisations of the labelled texts, and what the
recogniser wrongly proposes there when it is asked to propose much.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray

from isinglass.transforms.pii.confirm import Mention, Trunk
from training.person.names import read_names
from training.person.score import Model
from training.person.strangers import Strangers
from training.person.templates import Templates

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
_KINDS = {"PERSON": 1, "ORG": 0, "LOC": 0, "NOTPER": 0}
_BIAS = -1.5
_UNITS = 256
_EPOCHS = 30
_BATCH = 512
_CHUNK = 2_000

Example = tuple[Mention, int]
Labelled = tuple[str, list[tuple[int, int, str]]]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("student", type=Path)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data/ner")
    parser.add_argument("--output", type=Path, required=True, help="a file .npz")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--examples", type=int, default=40_000)
    parser.add_argument("--threshold", type=float, default=0.7)
    return parser.parse_args()


def main() -> None:
    """Gather examples, compute features once, train and write the head."""
    arguments = _arguments()
    began = time.process_time()
    draw = random.Random(arguments.seed)  # noqa: S311 - not for secrets
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(1)
    held_out = ROOT / "transforms/resources/names/by_country.yaml"
    names = read_names(HERE / "names.yaml", held_out)
    strangers = Strangers.gather(names)
    examples = list(_examples(arguments, strangers, draw))
    draw.shuffle(examples)
    examples = examples[: arguments.examples]
    trunk = Trunk.load()
    mentions = [mention for mention, _ in examples]
    features = np.concatenate(
        [
            trunk.features(mentions[low : low + _CHUNK])
            for low in range(0, len(mentions), _CHUNK)
        ]
    )
    labels = np.array([label for _, label in examples], np.float32)
    print(f"{len(labels):,} examples, {labels.mean():.2f} of them people", flush=True)
    values = _fit(features, labels)
    rest = np.array([values.pop("second_bias")[0], arguments.threshold])
    stored: dict[str, Any] = {n: v.astype(np.float16) for n, v in values.items()}
    np.savez_compressed(arguments.output, rest=rest.astype(np.float32), **stored)
    print(f"{arguments.output}: {time.process_time() - began:,.0f} CPU seconds")


def _examples(
    arguments: argparse.Namespace, strangers: Strangers, draw: random.Random
) -> Iterator[Example]:
    student = Model(arguments.student, _BIAS, form=True)
    texts = _texts(arguments.data, strangers, draw)
    for low in range(0, len(texts), _CHUNK):
        part = texts[low : low + _CHUNK]
        proposed: dict[int, list[tuple[int, int]]] = {}
        for row, start, end, _ in student.people([text for text, _ in part]):
            proposed.setdefault(row, []).append((start, end))
        for row, (text, labels) in enumerate(part):
            yield from _labelled(text, labels, strangers, draw)
            for start, end in proposed.get(row, ()):
                if not any(start < b and a < end for a, b, _ in labels):
                    yield Mention.of(text, start, end), 0


def _labelled(
    text: str,
    labels: list[tuple[int, int, str]],
    strangers: Strangers,
    draw: random.Random,
) -> Iterator[Example]:
    """Labelled mentions, some under another name."""
    for start, end, label in labels:
        if label not in _KINDS:
            continue
        mention = Mention.of(text, start, end)
        if draw.random() < 0.5 and label != "NOTPER":  # noqa: PLR2004 - half of them
            name = mention.name
            if label == "PERSON":
                name = strangers.names.like(name, draw)
            elif label == "ORG":
                name = strangers.like(name, strangers.organisation(draw))
            else:
                name = strangers.like(name, strangers.place(draw))
            mention = mention._replace(name=name)
        yield mention, _KINDS[label]


def _texts(folder: Path, strangers: Strangers, draw: random.Random) -> list[Labelled]:
    found: list[Labelled] = []
    for name in ("gold", "silver"):
        table = pq.read_table(folder / f"{name}.parquet", columns=["text", "spans"])
        for row in table.to_pylist():
            spans = [(s["start"], s["end"], s["label"]) for s in row["spans"]]
            found.append((row["text"], spans))
    templates = Templates(
        HERE / "templates.yaml", HERE / "fillers.yaml", strangers, draw
    )
    names = ("PERSON", "ORG", "LOC")
    for _ in range(10_000):
        text, labels = templates.sample()
        found.append((text, [(a, b, names[number]) for a, b, number in labels]))
    return found


def _fit(
    features: NDArray[np.float32], labels: NDArray[np.float32]
) -> dict[str, NDArray[np.float32]]:
    first = torch.nn.Linear(features.shape[1], _UNITS)
    second = torch.nn.Linear(_UNITS, 1)
    parameters = [*first.parameters(), *second.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.05)
    inputs, wanted = torch.from_numpy(features), torch.from_numpy(labels)
    steps = _EPOCHS * (len(labels) // _BATCH)
    plan = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda n: 1 - n / steps)
    for _ in range(_EPOCHS):
        total = 0.0
        for rows in torch.randperm(len(labels)).split(_BATCH)[:-1]:
            inner = first(torch.nn.functional.dropout(inputs[rows], 0.1))
            hidden = torch.nn.functional.dropout(
                inner * torch.sigmoid(1.702 * inner), 0.2
            )
            score = second(hidden).squeeze(1)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(
                score, wanted[rows]
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            plan.step()
            total += loss.item()
    print(f"last loss {total / (len(labels) // _BATCH):.4f}", flush=True)
    return {
        "first": first.weight.detach().numpy().T.copy(),
        "first_bias": first.bias.detach().numpy(),
        "second": second.weight.detach().numpy()[0].copy(),
        "second_bias": second.bias.detach().numpy(),
    }


if __name__ == "__main__":
    main()
