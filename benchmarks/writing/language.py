"""How often the language of a text is told, and how often that of no language.

Ours beside its two models alone, and other detectors whose licence is permissive.
"""

from __future__ import annotations

import time
import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from benchmarks.deduplication.corpus import read_texts, text_megabytes
from benchmarks.measuring.processes import Target, run_process, table
from benchmarks.writing.catalogues import (
    FEWEST,
    PEER,
    UNKNOWN,
    Messages,
    language_of,
    pieces,
)
from benchmarks.writing.nothing import texts_of_nothing
from benchmarks.writing.peers import PEERS
from isinglass.transforms.language import (
    SIBLINGS,
    UNDETERMINED,
    detect_languages,
    load_detector,
    primary_language,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LENGTHS = (60, 150, 1_200)
MOST = 40
"""Texts of a code and length, and of a kind of nothing."""
ASKED = {1_200: 0.95, 150: 0.88}
ASKED_SPEED = 18.0
SPEED_MEGABYTES = 8.0
OURS = "isinglass"
_SHOWN = 0.9
_RENAMED = {"iw": "he", "jw": "jv", "nb": "no", "fil": "tl"}


class Piece(NamedTuple):
    """A text and what it is of: a language, or a kind of nothing."""

    text: str
    characters: int
    language: str | None
    kind: str


class Score(NamedTuple):
    """Shares of texts: means over languages, siblings counted as one in the second."""

    exact: float
    family: float
    nothing: float
    languages: dict[str, float]


def make_pieces(catalogues: dict[str, Messages]) -> list[Piece]:
    """Texts of every language and of nothing, of each length."""
    found = []
    for characters in LENGTHS:
        for code, messages in catalogues.items():
            language = language_of(code)
            known = None if language in UNKNOWN else language
            kind = f"{language}, unknown to the model" if known is None else code
            found += [
                Piece(text, characters, known, kind)
                for text in pieces(messages.translated, characters, MOST)
            ]
        nothing = texts_of_nothing(catalogues, characters, MOST)
        found += [
            Piece(text, characters, None, kind)
            for kind, texts in nothing.items()
            for text in texts
        ]
    return found


def _family(language: str) -> str:
    return next((min(family) for family in SIBLINGS if language in family), language)


def score(found: list[tuple[Piece, str]], characters: int) -> Score:
    """Shares over the texts of one length."""
    exact: dict[str, list[bool]] = defaultdict(list)
    family: dict[str, list[bool]] = defaultdict(list)
    nothing = []
    for piece, told in found:
        if piece.characters != characters:
            continue
        if piece.language is None:
            nothing.append(told == UNDETERMINED)
            continue
        exact[piece.language].append(told == piece.language)
        family[piece.language].append(_family(told) == _family(piece.language))
    enough = [name for name, right in exact.items() if len(right) >= FEWEST]
    by_family = {name: _mean(family[name]) for name in enough}
    return Score(
        _mean([_mean(exact[name]) for name in enough]),
        _mean(list(by_family.values())),
        _mean(nothing),
        by_family,
    )


def _mean(values: list[bool] | list[float]) -> float:
    return sum(values) / len(values) if values else float("nan")


def _ours(texts: list[str]) -> list[str]:
    return [str(one) for one in detect_languages(pa.array(texts)).to_pylist()]


def _fasttext(least: float) -> Callable[[list[str]], list[str]]:
    """The model alone, as it was asked before: its first answer from so much on."""
    detector = load_detector()

    def tell(text: str) -> str:
        line = " ".join(text[:1_000].split())
        best = detector.detect(line.lower() if line.isupper() else line, k=1)[0]
        return str(best["lang"]) if best["score"] >= least else UNDETERMINED

    return lambda texts: [tell(text) for text in texts]


def _answers(
    work: list[Piece], python: str
) -> dict[str, tuple[list[tuple[Piece, str]], float]]:
    """What each detector tells of the texts, and its MB a CPU second."""
    found = {}
    ways = {OURS: _ours}
    for least in (0.5, 0.25, 0.0):
        ways[f"lid.176.ftz from {least}"] = _fasttext(least)
    texts = [piece.text for piece in work]
    for name, tell in ways.items():
        tell(texts[:50])
        began = time.process_time()
        told = tell(texts)
        rate = _megabytes(texts) / (time.process_time() - began)
        found[name] = list(zip(work, told, strict=True)), rate
    for peer in PEERS:
        texts = [piece.text[:1_000] for piece in work]
        question = {"peer": peer, "texts": texts}
        answer = run_process([python, str(PEER)], question).answer
        if answer["version"] is None:
            print(f"{peer} is not installed, and left out.")
            continue
        codes = [primary_language(code) for code in answer["told"]]
        told = [_RENAMED.get(code, code).replace("un", "und") for code in codes]
        told = [UNDETERMINED if code.startswith("und") else code for code in told]
        name = f"{peer} {answer['version']}"
        rate = _megabytes([piece.text for piece in work]) / answer["cpu"]
        found[name] = list(zip(work, told, strict=True)), rate
    return found


def _megabytes(texts: list[str]) -> float:
    return sum(len(text.encode()) for text in texts) / 1e6


def run(catalogues: dict[str, Messages], python: str, corpus: Path) -> list[Target]:
    """Tables by detector, by language and by kind of nothing; targets of ours."""
    work = make_pieces(catalogues)
    found = _answers(work, python)
    rows = []
    for name, (told, rate) in found.items():
        cells: list[str] = []
        for characters in LENGTHS:
            one = score(told, characters)
            cells.append(f"{one.exact:.3f} ({one.family:.3f})")
            cells.append(f"{one.nothing:.3f}")
        rows.append((name, *cells, f"{rate:.1f}"))
    header = ["detector"]
    for characters in LENGTHS:
        header += [f"{characters:,} characters", "of nothing"]
    print(table([*header, "MB/s"], rows))
    _print_weak(found[OURS][0])
    _print_nothing(found[OURS][0])
    return [*_targets(work, found[OURS][0]), _speed(corpus)]


def _print_weak(found: list[tuple[Piece, str]]) -> None:
    scores = [score(found, characters).languages for characters in LENGTHS]
    weak = sorted(
        {name for one in scores for name, share in one.items() if share < _SHOWN}
    )
    rows = [
        (name, *(f"{one[name]:.2f}" if name in one else "" for one in scores))
        for name in weak
    ]
    print(f"\nLanguages below {_SHOWN} at some length, siblings counted as one:\n")
    print(table(("language", *map(str, LENGTHS)), rows))


def _print_nothing(found: list[tuple[Piece, str]]) -> None:
    shares: dict[str, dict[int, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for piece, told in found:
        if piece.language is None:
            shares[piece.kind][piece.characters].append(told == UNDETERMINED)
    rows = [
        (kind, *(f"{_mean(by[n]):.2f}" if by[n] else "" for n in LENGTHS))
        for kind, by in shares.items()
    ]
    print("\nTexts of no language that get none, by kind:\n")
    print(table(("kind", *map(str, LENGTHS)), rows))


def _targets(work: list[Piece], found: list[tuple[Piece, str]]) -> list[Target]:
    targets = []
    for characters, asked in ASKED.items():
        one = score(found, characters)
        count = len(one.languages)
        what = f"accuracy at {characters:,} characters, {count} languages, siblings one"
        told = f"{one.family:.3f}"
        reached = one.family >= asked
        targets.append(Target(what, f">= {asked}", told, reached=reached))
    apart = _ours([unicodedata.normalize("NFD", piece.text) for piece in work])
    same = sum(told == other for (_, told), other in zip(found, apart, strict=True))
    targets.append(
        Target(
            "decomposed texts of the same language",
            "all",
            f"{same:,} of {len(work):,}",
            reached=same == len(work),
        )
    )
    return targets


def _speed(corpus: Path) -> Target:
    """MB/s of whole texts, of which the first 1,000 characters are read."""
    what = "language detection, English corpus"
    asked = f">= {ASKED_SPEED} MB/s"
    if not corpus.exists():
        return Target(what, asked, "no corpus", reached=None)
    texts = read_texts(corpus, SPEED_MEGABYTES)
    detect_languages(texts[:50])
    seconds = []
    for _ in range(3):
        began = time.process_time()
        detect_languages(texts)
        seconds.append(time.process_time() - began)
    rate = text_megabytes(texts) / min(seconds)
    return Target(what, asked, f"{rate:.1f} MB/s", reached=rate >= ASKED_SPEED)
