"""The recogniser's network in torch, with the parameters of a spaCy pipe.

spaCy's own layers are the source of the shapes and of the random start, and the trained
values are written back into them, so that what is shipped is an ordinary spaCy model.
The order of operations is that of `transforms/pii/ner/network.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import spacy
import torch
from numpy.typing import NDArray
from spacy.training import Example
from thinc.api import NumpyOps, fix_random_seed
from torch.nn import functional

from training.person.corpus import ATTRIBUTES, LABELS
from training.person.moves import MOVES

WIDTH, HIDDEN, PIECES, DEPTH = 96, 64, 3, 4
ROWS = (5000, 1000, 2500, 2500)
PAD = 4
"""Empty rows between texts, one for each convolution."""

_EPSILON = 1e-8


def blank_pipeline(seed: int) -> Any:
    """A spaCy pipeline of the English tokenizer and an untrained recogniser.

    Args:
        seed: Of the random start.
    """
    fix_random_seed(seed)
    nlp = spacy.blank("en")
    embed = {
        "@architectures": "spacy.MultiHashEmbed.v2",
        "width": WIDTH,
        "attrs": list(ATTRIBUTES),
        "rows": list(ROWS),
        "include_static_vectors": False,
    }
    encode = {
        "@architectures": "spacy.MaxoutWindowEncoder.v2",
        "width": WIDTH,
        "depth": DEPTH,
        "window_size": 1,
        "maxout_pieces": PIECES,
    }
    model = {
        "@architectures": "spacy.TransitionBasedParser.v2",
        "state_type": "ner",
        "extra_state_tokens": False,
        "hidden_width": HIDDEN,
        "maxout_pieces": 2,
        "use_upper": True,
        "tok2vec": {
            "@architectures": "spacy.Tok2Vec.v2",
            "embed": embed,
            "encode": encode,
        },
    }
    recogniser: Any = nlp.add_pipe("ner", config={"model": model})
    for label in LABELS:
        recogniser.add_label(label)
    nlp.initialize(lambda: [_example(nlp, label) for label in LABELS])
    return nlp


def _example(nlp: Any, label: str) -> Example:
    """A text with all four moves of a label, for spaCy to see each of them."""
    doc = nlp.make_doc("a b c d e")
    return Example.from_dict(doc, {"entities": [(0, 5, label), (8, 9, label)]})


class Recogniser(torch.nn.Module):
    """Scores of all moves for all tokens of a batch.

    Attributes:
        nodes: Layers of spaCy by name of the parameter, with its name there.
    """

    def __init__(self, nlp: Any, dropout: float) -> None:
        super().__init__()
        model = nlp.get_pipe("ner").model
        self.nodes = _nodes(model)
        self._seeds = [
            node.attrs["seed"] for node in model.walk() if node.name == "hashembed"
        ]
        self._ops = NumpyOps()
        self._dropout = dropout
        for name, (node, parameter) in self.nodes.items():
            value = torch.tensor(np.array(node.get_param(parameter)))
            self.register_parameter(name, torch.nn.Parameter(value))

    def write_back(self, values: dict[str, torch.Tensor]) -> None:
        """Write parameters into spaCy's layers."""
        for name, (node, parameter) in self.nodes.items():
            node.set_param(parameter, values[name].detach().numpy().copy())

    def rows_of(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Rows of the embeddings: int64 (n, 4 attributes, 4 hashes)."""
        found = [
            self._ops.hash(np.ascontiguousarray(keys[:, column]), seed) % rows
            for column, (seed, rows) in enumerate(zip(self._seeds, ROWS, strict=True))
        ]
        return np.stack(found, axis=1).astype(np.int64)

    def forward(
        self, types: torch.Tensor, places: torch.Tensor, first: torch.Tensor
    ) -> torch.Tensor:
        """Scores.

        Args:
            types: int64 (types, 4, 4), rows of the embeddings of each kind of token.
            places: int64 (n,), type of each row of the batch; -1 is padding.
            first: int64 (n,), row of the first token of the open entity, or -1.

        Returns:
            float32 (n, moves).
        """
        vectors = self._encode(types, places)
        return self._score(vectors, first)

    def _encode(self, types: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        embedded = [
            functional.embedding_bag(
                types[:, column], self._value(f"embed{column}"), mode="sum"
            )
            for column in range(len(ROWS))
        ]
        mixed = self._maxout("mix", torch.cat(embedded, dim=1))
        padded = (places < 0).unsqueeze(1)
        rows = self._drop(mixed[places.clamp(min=0)]).masked_fill(padded, 0.0)
        for layer in range(DEPTH):
            around = torch.cat(
                [
                    functional.pad(rows[:-1], (0, 0, 1, 0)),
                    rows,
                    functional.pad(rows[1:], (0, 0, 0, 1)),
                ],
                dim=1,
            )
            rows = rows + self._drop(self._maxout(f"layer{layer}", around))
        return functional.linear(rows, self._value("linear_W"), self._value("linear_b"))

    def _maxout(self, name: str, inputs: torch.Tensor) -> torch.Tensor:
        weights, bias = self._value(f"{name}_W"), self._value(f"{name}_b")
        pieces = functional.linear(
            inputs, weights.flatten(0, 1), bias.flatten()
        ).unflatten(1, bias.shape)
        gain, shift = self._value(f"{name}_G"), self._value(f"{name}_shift")
        best = pieces.max(dim=2).values
        return functional.layer_norm(best, (WIDTH,), gain, shift, _EPSILON)

    def _value(self, name: str) -> torch.Tensor:
        return self.get_parameter(name)

    def _drop(self, rows: torch.Tensor) -> torch.Tensor:
        return functional.dropout(rows, self._dropout, self.training)

    def _score(self, vectors: torch.Tensor, first: torch.Tensor) -> torch.Tensor:
        bias = self._value("lower_b")
        weights = self._value("lower_W").flatten(1, 2)
        opened = torch.nonzero(first >= 0).squeeze(1)
        pads = self._value("lower_pad")[0].flatten(1, 2)
        sums = functional.linear(vectors, weights[0], bias.flatten())
        context = (pads[1] + pads[2]).expand(len(vectors), -1).clone()
        context[opened] = functional.linear(
            vectors[first[opened]], weights[1]
        ) + functional.linear(vectors[opened - 1], weights[2])
        hidden = (sums + context).unflatten(1, bias.shape).max(dim=2).values
        return functional.linear(hidden, self._value("upper_W"), self._value("upper_b"))


def _nodes(model: Any) -> dict[str, tuple[Any, str]]:
    """Layers that hold parameters, by the name of the parameter here."""
    encoder, lower, upper = model.layers
    embeds = [node for node in encoder.walk() if node.name == "hashembed"]
    norms = [node for node in encoder.walk() if node.name == "layernorm"]
    maxouts = [node for node in encoder.walk() if node.name == "maxout"]
    (linear,) = (node for node in encoder.walk() if node.name == "linear")
    found = {f"embed{i}": (node, "E") for i, node in enumerate(embeds)}
    names = ["mix", *(f"layer{i}" for i in range(DEPTH))]
    for name, maxout, norm in zip(names, maxouts, norms, strict=True):
        found |= {f"{name}_W": (maxout, "W"), f"{name}_b": (maxout, "b")}
        found |= {f"{name}_G": (norm, "G"), f"{name}_shift": (norm, "b")}
    found |= {"linear_W": (linear, "W"), "linear_b": (linear, "b")}
    found |= {f"lower_{name}": (lower, name) for name in ("W", "b", "pad")}
    found |= {f"upper_{name}": (upper, name) for name in ("W", "b")}
    return found


def check_moves(nlp: Any) -> None:
    """Make sure that moves of the pipe have the numbers of `moves`.

    Raises:
        ValueError: They do not.
    """
    system = nlp.get_pipe("ner").moves
    names = [system.get_class_name(number) for number in range(system.n_moves)]
    expected = [f"{kind}-{label}" for kind in "BILU" for label in LABELS]
    expected += ["U-", "O"]
    if names != expected or len(expected) != MOVES:
        raise ValueError(f"moves of the pipe are {names}, not {expected}")
