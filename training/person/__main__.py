"""Train the PERSON model: `python -m training.person --seed 0 --output FOLDER`.

Reads the labelled texts of `--data` (its README names sources and licences), names and
templates of this folder, and writes a spaCy model.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

import numpy as np
import torch

from training.person.corpus import read_documents
from training.person.names import read_names
from training.person.network import Recogniser, blank_pipeline, check_moves
from training.person.strangers import Strangers
from training.person.templates import Templates
from training.person.train import Drawn, Settings, train

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
VERSION = "1.1.0"
O_BIAS, CONFIRMED_BIAS = 1.0, 0.0
"""Added to the score of a token to be no name, alone and before the head confirms: set
on the development sets."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data/ner")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=Settings.steps)
    parser.add_argument("--dropout", type=float, default=Settings.dropout)
    parser.add_argument("--o-bias", type=float, default=O_BIAS)
    parser.add_argument("--confirmed-bias", type=float, default=CONFIRMED_BIAS)
    return parser.parse_args()


def main() -> None:
    """Train and write the model."""
    arguments = _arguments()
    arguments.output.mkdir(parents=True, exist_ok=True)
    began = time.process_time()
    draw = random.Random(arguments.seed)  # noqa: S311 - not for secrets
    np.random.seed(arguments.seed)  # noqa: NPY002 - thinc's initial values use it
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(1)
    nlp = blank_pipeline(arguments.seed)
    check_moves(nlp)
    gold = read_documents(arguments.data / "gold.parquet", nlp)
    silver = read_documents(arguments.data / "silver.parquet", nlp)
    held_out = ROOT / "transforms/resources/names/by_country.yaml"
    names = read_names(HERE / "names.yaml", held_out)
    others = Strangers.gather(names)
    templates = Templates(HERE / "templates.yaml", HERE / "fillers.yaml", others, draw)
    settings = Settings(steps=arguments.steps, dropout=arguments.dropout)
    model = Recogniser(nlp, settings.dropout)
    drawn = Drawn(nlp, others, templates, draw)
    kept = train(model, drawn.passes(gold, silver, settings), settings)
    _write(kept, arguments)
    print(f"{arguments.output}: {time.process_time() - began:,.0f} CPU seconds")


def _write(values: dict[str, torch.Tensor], arguments: argparse.Namespace) -> None:
    """Write a pipeline that has seen no text, so that its vocabulary holds none."""
    nlp = blank_pipeline(arguments.seed)
    Recogniser(nlp, 0.0).write_back(values)
    nlp.meta.update(
        name="person",
        version=VERSION,
        license="Apache-2.0",
        spacy_version=">=3.8,<3.9",
        author="isinglass",
        description="Names of people in English text; see MODEL_CARD.md.",
        isinglass={
            "entities": ["PERSON"],
            "o_bias": {
                "alone": arguments.o_bias,
                "confirmed": arguments.confirmed_bias,
            },
        },
    )
    nlp.to_disk(arguments.output, exclude=["vocab"])


if __name__ == "__main__":
    main()
