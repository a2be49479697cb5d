"""CrowS-Pairs: pairs of sentences, of which one is more stereotyping than the other.

Source: Nangia, Vania, Bhalerao and Bowman, CrowS-Pairs: a challenge dataset for
measuring social biases in masked language models (EMNLP 2020). The score of a sentence
is the sum, over the tokens that both sentences share, of log P(token | the sentence
without it): words that differ are seen, and never predicted.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from isinglass.schemas.arrays import Floats, Integers
from isinglass.schemas.errors import InputError

if TYPE_CHECKING:
    from isinglass.transforms.encode.likelihood.scores import Scorer

COLUMNS = ("sent_more", "sent_less", "stereo_antistereo", "bias_type")
DIRECTIONS = ("stereo", "antistereo")
TOO_LONG, NOTHING_IN_COMMON = "too long", "no tokens in common"
_DIGITS = 3


@dataclass(frozen=True)
class Pairs:
    """Pairs of a file, in its order.

    Attributes:
        more: The sentences that are more stereotyping.
        directions: `stereo` if that one shows a stereotype of a disadvantaged group,
            `antistereo` if the other one contradicts it.
    """

    more: list[str]
    less: list[str]
    directions: list[str]
    types: list[str]
    sha256: str


def read_pairs(path: Path) -> Pairs:
    """Read a CSV file with the columns of the published one.

    Raises:
        InputError: There is no such file, it is no CSV in UTF-8, a column is missing,
            or a row is not complete. The message holds no sentence.
    """
    content = read_named("crows_pairs", path)
    reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise InputError(
            f"crows_pairs: {path} has no column {missing[0]}. Its first line must name "
            f"{', '.join(COLUMNS)}, as the published one does."
        )
    rows = []
    for row in reader:
        cells = [(row[name] or "").strip() for name in COLUMNS]
        where = f"crows_pairs: {path}, line {reader.line_num}"
        empty = [name for name, one in zip(COLUMNS, cells, strict=True) if not one]
        if empty:
            raise InputError(
                f"{where}: {empty[0]} is empty. Fill it or remove the row."
            )
        if cells[2] not in DIRECTIONS:
            raise InputError(
                f"{where}: stereo_antistereo must be {' or '.join(DIRECTIONS)}."
            )
        rows.append(cells)
    if not rows:
        raise InputError(f"crows_pairs: {path} holds no pairs.")
    more, less, directions, types = (list(one) for one in zip(*rows, strict=True))
    sha256 = hashlib.sha256(content).hexdigest()
    return Pairs(more, less, directions, types, sha256)


def read_named(key: str, path: Path) -> bytes:
    """The bytes of a file of data that a key of the configuration names.

    Raises:
        InputError: There is no such file, or it is not UTF-8.
    """
    if not path.is_file():
        raise InputError(f"{key}: there is no file {path}. Correct the path.")
    content = path.read_bytes()
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{key}: {path} is not UTF-8. Save it as UTF-8.") from error
    return content


@dataclass(frozen=True)
class PairScores:
    """Scores of both sentences of each pair (n, 2); NaN where it was skipped.

    Attributes:
        tokens: Tokens that each score is the sum over, (n, 2).
        skipped: Why, by the place of the pair.
    """

    scores: Floats
    tokens: Integers
    skipped: dict[int, str]

    def preferences(self, *, each_token: bool = False) -> Floats:
        """1 where the first sentence scores higher, 0.5 at a tie, 0, or NaN, (n,).

        Scores are compared with three digits behind the point, as published code has
        them: closer ones are a tie, and no batch decides between them. With
        `each_token` the means over tokens are compared, which are perplexities.
        """
        values = self.scores / np.maximum(self.tokens, 1) if each_token else self.scores
        rounded = np.round(values, _DIGITS)
        found = (np.sign(rounded[:, 0] - rounded[:, 1]) + 1) / 2
        return np.asarray(found)


def score_pairs(scorer: Scorer, more: Sequence[str], less: Sequence[str]) -> PairScores:
    """Score pairs: shared tokens one by one if masked, whole sentences if causal."""
    rows = [*scorer.ids(more), *scorer.ids(less)]
    count = len(more)
    skipped = {
        pair: TOO_LONG
        for pair in range(count)
        if scorer.is_too_long(rows[pair]) or scorer.is_too_long(rows[pair + count])
    }
    if scorer.head.kind == "causal":
        scores, tokens = _whole(scorer, rows, skipped)
    else:
        scores, tokens = _shared(scorer, rows, skipped)
    shaped = scores.reshape(2, count).T
    shaped[list(skipped)] = np.nan
    return PairScores(shaped, tokens.reshape(2, count).T, skipped)


def _whole(
    scorer: Scorer, rows: Sequence[Integers], skipped: dict[int, str]
) -> tuple[Floats, Integers]:
    count = len(rows) // 2
    todo = [row for row in range(len(rows)) if row % count not in skipped]
    scores, tokens = np.zeros(len(rows)), np.zeros(len(rows), np.int64)
    scores[todo], tokens[todo] = scorer.following([rows[row] for row in todo])
    return scores, tokens


def _shared(
    scorer: Scorer, rows: Sequence[Integers], skipped: dict[int, str]
) -> tuple[Floats, Integers]:
    """Scores over shared tokens; pairs without any go to `skipped`."""
    count = len(rows) // 2
    owners, places = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for pair in range(count):
        if pair in skipped:
            continue
        both = shared_places(rows[pair], rows[pair + count])
        for row, found in zip((pair, pair + count), both, strict=True):
            stop = len(rows[row]) - scorer.closes
            own = found[(found >= scorer.opens) & (found < stop)]
            if not len(own):
                skipped[pair] = NOTHING_IN_COMMON
            owners.append(np.full(len(own), row))
            places.append(own)
    owner, place = np.concatenate(owners), np.concatenate(places)
    wanted = np.array([rows[o][p] for o, p in zip(owner, place, strict=True)], np.int64)
    logarithms = scorer.masked(rows, owner, place, wanted)
    # Of nothing at all the library gives whole numbers.
    sums = np.bincount(owner, logarithms, minlength=len(rows)).astype(np.float64)
    return sums, np.bincount(owner, minlength=len(rows))


def shared_places(one: Integers, other: Integers) -> tuple[Integers, Integers]:
    """Places of tokens that stand in both texts in the same order, (k,) in each.

    They are those of the equal blocks that `difflib` finds, as in the published code.
    """
    matcher = SequenceMatcher(None, one.tolist(), other.tolist(), autojunk=False)
    blocks = matcher.get_matching_blocks()
    first = [at for a, _, size in blocks for at in range(a, a + size)]
    second = [at for _, b, size in blocks for at in range(b, b + size)]
    return np.array(first, np.int64), np.array(second, np.int64)
