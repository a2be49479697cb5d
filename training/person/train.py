"""Training: what is drawn for each pass over the texts, and the steps of descent."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from training.person.corpus import LABELS, Document, tokenise
from training.person.moves import PERSON, targets
from training.person.network import PAD, Recogniser

if TYPE_CHECKING:
    import random

    from training.person.strangers import Strangers
    from training.person.templates import Templates


@dataclass(frozen=True)
class Settings:
    """How it is trained.

    Attributes:
        steps: Steps of descent.
        tokens: Tokens a step, with padding.
        rate: Highest learning rate; it rises over 100 steps and falls to nothing.
        dropout: Share of values that are dropped behind each layer.
        average: Weight of the past in the running average that is kept.
        swapped: Share of mentions of people that get another name.
        exchanged: The same of places and organisations.
        cased: Shares of texts written in small letters, capitals and title case.
        gold: Times that texts labelled by people are read for once of the others.
        templates: Texts from templates in each pass.
    """

    steps: int = 13_000
    tokens: int = 2500
    rate: float = 2e-3
    dropout: float = 0.2
    average: float = 0.998
    swapped: float = 0.25
    exchanged: float = 0.4
    cased: tuple[float, float, float] = (0.05, 0.035, 0.02)
    gold: int = 2
    templates: int = 24_000


class Drawn:
    """Texts in the order in which they are read, changed anew in every pass."""

    def __init__(
        self, nlp: Any, strangers: Strangers, templates: Templates, draw: random.Random
    ) -> None:
        self._nlp, self._strangers, self._templates = nlp, strangers, templates
        self._draw = draw
        self._tokens: dict[str, Document] = {}

    def passes(
        self,
        gold: Sequence[Document],
        silver: Sequence[Document],
        settings: Settings,
    ) -> Iterator[Document]:
        """Pass after pass, without end."""
        while True:
            order = [*gold] * settings.gold + [*silver]
            made = [self._templates.sample() for _ in range(settings.templates)]
            order += [tokenise(text, labels, self._nlp) for text, labels in made]
            self._draw.shuffle(order)
            for document in order:
                yield self._swap(self._recase(document, settings), settings)

    def _recase(self, document: Document, settings: Settings) -> Document:
        chance = self._draw.random()
        text = document.text
        for share, other in zip(
            settings.cased, (str.lower, str.upper, str.title), strict=True
        ):
            if chance < share:
                written = other(text)
                if len(written) == len(text):
                    return tokenise(written, document.labels, self._nlp)
                return document
            chance -= share
        return document

    def _swap(self, document: Document, settings: Settings) -> Document:
        mentions = [label for label in document.labels if label[2] < len(LABELS)]
        spans = [span for span in document.spans.tolist() if span[2] < len(LABELS)]
        # Where a label does not fit the tokens, or two overlap, all stays as it is.
        if [m[2] for m in mentions] != [s[2] for s in spans]:
            return document
        chosen = {
            (span[0], span[1]): document.text[mention[0] : mention[1]]
            for span, mention in zip(spans, mentions, strict=True)
            if self._draw.random()
            < (settings.swapped if span[2] == PERSON else settings.exchanged)
        }
        return self._replaced(document, chosen) if chosen else document

    def _replaced(
        self, document: Document, chosen: dict[tuple[int, int], str]
    ) -> Document:
        keys, spaces, spans = [], [], []
        past, shift = 0, 0
        for low, high, number in document.spans.tolist():
            if (low, high) not in chosen:
                spans.append((low + shift, high + shift, number))
                continue
            name = self._tokenised(self._other(chosen[low, high], number))
            keys += [document.keys[past:low], name.keys]
            spaces += [document.spaces[past:low], name.spaces]
            spans.append((low + shift, low + shift + len(name), number))
            shift += len(name) - (high - low)
            past = high
        return replace(
            document,
            keys=np.concatenate([*keys, document.keys[past:]]),
            spaces=np.concatenate([*spaces, document.spaces[past:]]),
            spans=np.array(spans, np.int32),
        )

    def _other(self, mention: str, number: int) -> str:
        strangers, draw = self._strangers, self._draw
        if number == PERSON:
            return strangers.names.like(mention, draw)
        place = number == LABELS.index("LOC")
        other = strangers.place(draw) if place else strangers.organisation(draw)
        return strangers.like(mention, other)

    def _tokenised(self, name: str) -> Document:
        if name not in self._tokens:
            self._tokens[name] = tokenise(name, [], self._nlp)
        return self._tokens[name]


class Batch(NamedTuple):
    """Rows of some texts, with padding before, between and behind them."""

    types: torch.Tensor
    places: torch.Tensor
    first: torch.Tensor
    valid: torch.Tensor
    right: torch.Tensor


def batches(documents: Iterator[Document], tokens: int) -> Iterator[list[Document]]:
    """Documents of about so many tokens together."""
    part: list[Document] = []
    size = 0
    for document in documents:
        part.append(document)
        size += len(document) + PAD
        if size >= tokens:
            yield part
            part, size = [], 0


def build(model: Recogniser, documents: Sequence[Document]) -> Batch:
    """Arrays of a batch."""
    found = [targets(document.spans, document.spaces) for document in documents]
    lows = np.cumsum([PAD, *(len(d) + PAD for d in documents)])
    size = int(lows[-1])
    rows = np.concatenate(
        [np.arange(low, low + len(d)) for low, d in zip(lows, documents, strict=False)]
    )
    keys = np.concatenate([d.keys for d in documents])
    kinds, which = _distinct(keys)
    places = np.full(size, -1, np.int64)
    places[rows] = which
    first = np.full(size, -1, np.int64)
    first[rows] = np.concatenate(
        [
            np.where(t.first >= 0, t.first + low, -1)
            for low, t in zip(lows, found, strict=False)
        ]
    )
    return Batch(
        torch.from_numpy(model.rows_of(kinds)),
        torch.from_numpy(places),
        torch.from_numpy(first),
        _rows([t.valid for t in found], rows, size),
        _rows([t.right for t in found], rows, size),
    )


def _distinct(
    keys: NDArray[np.uint64],
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    mixed = keys[:, 0].copy()
    for column in range(1, keys.shape[1]):
        mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + keys[:, column]
    _, index, inverse = np.unique(mixed, return_index=True, return_inverse=True)
    return keys[index], inverse.astype(np.int64)


def _rows(
    parts: list[NDArray[np.bool_]], rows: NDArray[np.int64], size: int
) -> torch.Tensor:
    out = np.ones((size, parts[0].shape[1]), np.bool_)
    out[rows] = np.concatenate(parts)
    return torch.from_numpy(out)


def loss_of(scores: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Mean negative log probability of the right moves among the valid ones.

    Tokens of which nothing is known do not count; where several moves agree with what
    is known, their sum counts.
    """
    known = (batch.valid & ~batch.right).any(dim=1)
    scores, valid = scores[known], batch.valid[known]
    right = valid & batch.right[known]
    least = torch.finfo(scores.dtype).min
    every = scores.masked_fill(~valid, least).logsumexp(dim=1)
    some = scores.masked_fill(~right, least).logsumexp(dim=1)
    return (every - some).mean()


def train(
    model: Recogniser, documents: Iterator[Document], settings: Settings
) -> dict[str, torch.Tensor]:
    """Descend; returns the running average of the parameters."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=settings.rate)
    plan = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda step: min((step + 1) / 100, 1 - step / settings.steps),
    )
    kept = {name: value.detach().clone() for name, value in model.named_parameters()}
    model.train()
    began, seen, total = time.process_time(), 0, 0.0
    for step, part in enumerate(batches(documents, settings.tokens), start=1):
        batch = build(model, part)
        loss = loss_of(model(batch.types, batch.places, batch.first), batch)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        plan.step()
        with torch.no_grad():
            weight = 1 - min(settings.average, step / (step + 10))
            for name, value in model.named_parameters():
                kept[name].lerp_(value, weight)
        seen, total = seen + len(batch.places), total + loss.item()
        if step % 500 == 0:
            seconds = time.process_time() - began
            print(
                f"step {step}: loss {total / 500:.4f}, {seconds:,.0f} CPU s, "
                f"{seen / seconds:,.0f} tokens/s",
                flush=True,
            )
            total = 0.0
        if step == settings.steps:
            break
    return kept
