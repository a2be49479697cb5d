"""Names confirmed or refused by a head on the trunk of an encoder.

The recogniser sees four words on either side of a token. Whether `Madison` signs a bill
or is a city in it often stands further away: MiniLM reads 90 characters around each
name that was proposed, and a small head says how likely it is a person's. The trunk is
frozen, so the head is all that is trained (`training/person/confirm.py`) and shipped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.errors import MissingExtraError
from isinglass.schemas.manifest import Model

AROUND = 90
"""Characters read before and behind a name."""

LAYERS = (2, 4)
"""Layers whose hidden states are looked at. The last two are trained for whole
sentences: looked at as well, they raise no figure, and cost a third of the time."""

_MOST_AROUND, _MOST_NAME = 48, 24
"""Pieces of words: enough for the characters above in any but odd text."""

_BATCH_PIECES = 8_192
_UNDECIDED = 1e-3
"""Nearer to the threshold than this, a mention is read alone. The sums of a batch round
by who else is in it (by 2e-7 in 300 mentions of the corpus), and a verdict must not."""

_REMEMBERED = 20_000
"""Mentions of at most some 250 characters: 10 MB."""

_CLS, _SEP = 101, 102
_SENTENCE_END = re.compile(r"(?:^|[.!?:\n]\s*)$")


class Mention(NamedTuple):
    """A proposed name with its surroundings."""

    before: str
    name: str
    after: str

    @classmethod
    def of(cls, text: str, start: int, end: int) -> Mention:
        """Cut a mention out of a text (code points)."""
        before = text[max(0, start - AROUND) : start]
        return cls(before, text[start:end], text[end : end + AROUND])


@dataclass(frozen=True)
class Trunk:
    """The packaged MiniLM up to its hidden states. Used by one thread at a time.

    Attributes:
        model: `PackedModel` on the CPU.
        tokenizer: Of the `tokenizers` library.
    """

    model: Any = field(repr=False)
    tokenizer: Any = field(repr=False)

    @classmethod
    def load(cls) -> Trunk:
        """Load model and tokenizer.

        Raises:
            MissingExtraError: The extra `encode` is not installed.
        """
        from isinglass.transforms.encode import require  # noqa: PLC0415

        require("torch", "tokenizers", "safetensors")
        import tokenizers  # noqa: PLC0415  (optional)
        import torch  # noqa: PLC0415  (optional)

        from isinglass.transforms.encode.forward.load import (  # noqa: PLC0415
            load_model,
        )
        from isinglass.transforms.encode.models.find import (  # noqa: PLC0415
            packaged_model,
            packaged_tokenizer,
        )

        cpu = torch.device("cpu")
        model = load_model(packaged_model(), cpu, "float32", "mean")
        tokenizer = tokenizers.Tokenizer.from_file(str(packaged_tokenizer()))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return cls(model, tokenizer)

    def features(self, mentions: Sequence[Mention]) -> NDArray[np.float32]:
        """What the head sees: float32 (n, 3 * width + `FORMS`)."""
        pieces, spans = self._pieces(mentions)
        lengths = np.array([len(ids) for ids in pieces], np.int64)
        order = np.argsort(-lengths, kind="stable")
        width = self.model.dimensions * len(LAYERS)
        out = np.empty((len(mentions), width + FORMS), np.float32)
        out[:, width:] = [form(mention) for mention in mentions]
        low = 0
        while low < len(order):
            high = low + max(1, _BATCH_PIECES // int(lengths[order[low]]))
            rows = order[low:high]
            out[rows, :width] = self._means(
                [pieces[row] for row in rows], [spans[row] for row in rows]
            )
            low = high
        return out

    def _pieces(
        self, mentions: Sequence[Mention]
    ) -> tuple[list[list[int]], list[tuple[int, int]]]:
        """Ids of each mention, and where its name stands in them."""
        parts = [part for mention in mentions for part in mention]
        read = self.tokenizer.encode_batch(parts, add_special_tokens=False)
        pieces, spans = [], []
        for i in range(0, len(read), 3):
            before = read[i].ids[-_MOST_AROUND:]
            name = read[i + 1].ids[:_MOST_NAME]
            after = read[i + 2].ids[:_MOST_AROUND]
            low = 1 + len(before)
            pieces.append([_CLS, *before, *name, *after, _SEP])
            # A name of signs alone may have no piece: its border stands for it.
            spans.append((low, low + max(1, len(name))))
        return pieces, spans

    def _means(
        self, pieces: list[list[int]], spans: list[tuple[int, int]]
    ) -> NDArray[np.float32]:
        """Mean hidden states of the names, layers side by side."""
        import torch  # noqa: PLC0415  (optional)

        from isinglass.transforms.encode.forward.batch import (  # noqa: PLC0415
            DeviceBatch,
        )

        lengths = np.array([len(ids) for ids in pieces], np.int64)
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        ids = torch.from_numpy(np.concatenate(pieces).astype(np.int32))
        batch = DeviceBatch(ids, torch.from_numpy(starts), lengths)
        lows = starts[:-1] + np.array([low for low, _ in spans])
        counts = np.array([high - low for low, high in spans])
        owners = np.repeat(np.arange(len(spans)), counts)
        ahead = np.repeat(np.cumsum(counts) - counts, counts)
        places = torch.from_numpy(lows[owners] + np.arange(len(owners)) - ahead)
        rows, shares = torch.from_numpy(owners), torch.from_numpy(counts).unsqueeze(1)
        found = []
        with torch.inference_mode():
            hidden = self.model.embedding(batch)
            for number, layer in enumerate(self.model.layers[: LAYERS[-1]], 1):
                if number == LAYERS[-1]:
                    seen = layer.of_some(hidden, batch, places)
                else:
                    hidden = layer(hidden, batch)
                    seen = hidden[places]
                if number in LAYERS:
                    total = torch.zeros(len(spans), hidden.shape[1])
                    found.append(total.index_add_(0, rows, seen) / shares)
        return torch.cat(found, dim=1).numpy()


def trunk_model() -> Model:
    """Name and SHA-256 of the trunk's weights, which decide on names.

    Raises:
        RefuseError: They are missing or not the published ones.
    """
    from isinglass.transforms.encode.models.find import (  # noqa: PLC0415
        MINILM_NAME,
        packaged_model,
    )
    from isinglass.transforms.encode.models.folder import (  # noqa: PLC0415
        WEIGHTS_FILE,
        file_sha256,
    )

    digest = file_sha256(packaged_model() / WEIGHTS_FILE)
    return Model(name=MINILM_NAME, role="pii-confirm", version="", sha256=digest)


def form(mention: Mention) -> list[float]:
    """How a name is written, which the trunk, that reads small letters, cannot see."""
    words = mention.name.split() or [""]
    letters = [char for char in mention.name if char.isalpha()]
    return [
        float(mention.name.islower()),
        float(mention.name.isupper()),
        float(all(word[:1].isupper() for word in words)),
        float(words[0][:1].isupper()),
        float(any(char.isdigit() for char in mention.name)),
        float(any(char.isupper() for word in words for char in word[1:])),
        float(len(words) == 1),
        min(len(words), 5) / 5,
        min(len(letters), 20) / 20,
        float(_SENTENCE_END.search(mention.before) is not None),
        float(mention.after[:1] in {"", "\n"}),
        float(mention.before[-1:] in {"@", "#", "_", "."}),
    ]


FORMS = len(form(Mention("", "", "")))


@dataclass(frozen=True)
class Confirmer:
    """Trunk and head together.

    Attributes:
        trunk: Reads the surroundings.
        head: Says how likely a name is a person's.
        verdicts: Of the mentions read last: lists repeat them, and a text with planted
            identifiers holds those that the text itself does.
    """

    trunk: Trunk
    head: Head
    verdicts: dict[Mention, bool] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, path: Path) -> Confirmer:
        """Load the trunk and a head.

        Raises:
            MissingExtraError: The extra `encode` or the file is missing.
        """
        return cls(Trunk.load(), Head.read(path))

    def people(self, mentions: Sequence[Mention]) -> NDArray[np.bool_]:
        """Which mentions are people: bool (n,). Equal ones are read once."""
        if len(self.verdicts) > _REMEMBERED:
            self.verdicts.clear()
        new = [one for one in dict.fromkeys(mentions) if one not in self.verdicts]
        if new:
            chance = self._chance(new)
            for row in np.flatnonzero(
                np.abs(chance - self.head.threshold) < _UNDECIDED
            ).tolist():
                (chance[row],) = self._chance([new[row]])
            kept = (chance >= self.head.threshold).tolist()
            self.verdicts.update(zip(new, kept, strict=True))
        return np.array([self.verdicts[one] for one in mentions], np.bool_)

    def _chance(self, mentions: Sequence[Mention]) -> NDArray[np.float32]:
        return self.head.probabilities(self.trunk.features(mentions))


@dataclass(frozen=True)
class Head:
    """Two layers that turn features into the probability of a person.

    Attributes:
        first: float32 (features, 256).
        first_bias: float32 (256,).
        second: float32 (256,).
        second_bias: float.
        threshold: Least probability of what is kept, 0 to 1.
    """

    first: NDArray[np.float32] = field(repr=False)
    first_bias: NDArray[np.float32] = field(repr=False)
    second: NDArray[np.float32] = field(repr=False)
    second_bias: float
    threshold: float

    @classmethod
    def read(cls, path: Path) -> Head:
        """Read what `training/person/confirm.py` wrote: arrays in half precision.

        Raises:
            MissingExtraError: The file is missing: the installation is not whole.
        """
        if not path.is_file():
            raise MissingExtraError(f"{path.name} is missing; reinstall isinglass")
        with np.load(path, allow_pickle=False) as stored:
            first, first_bias, second, rest = (
                stored[name].astype(np.float32)
                for name in ("first", "first_bias", "second", "rest")
            )
        return cls(first, first_bias, second, float(rest[0]), float(rest[1]))

    def probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of each mention being a person: float32 (n,), 0 to 1."""
        inner = features @ self.first + self.first_bias
        # GELU by its sigmoid (Hendrycks and Gimpel 2016, section 2).
        hidden = inner / (1 + np.exp(-1.702 * inner))
        score = hidden @ self.second + self.second_bias
        return np.asarray(1 / (1 + np.exp(-score)), np.float32)
