"""Vectors of some words, from files that hold those of millions.

Read are word2vec's text (a first line with the number of words and of values), GloVe's
(without one), either as `.gz`, and `.npz` with the arrays `words` and `vectors`. A file
is gone through a block at a time; only vectors of words that are asked for stay.
"""

from __future__ import annotations

import gzip
import hashlib
import zipfile
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from isinglass.schemas.arrays import Singles
from isinglass.schemas.errors import InputError
from isinglass.transforms.associations.vectors_arrays import read_arrays
from isinglass.transforms.associations.vectors_text import read_text

_MOST_NAMED = 5


@dataclass(frozen=True)
class WordVectors:
    """Vectors of the words that were found.

    Attributes:
        vectors: By word, shape (width,), float32.
        width: Values of a vector.
        words_in_file: How many words the file holds.
        sha256: Of the file.
        warnings: What was odd in it.
    """

    vectors: dict[str, Singles] = field(repr=False)
    width: int
    words_in_file: int
    sha256: str
    warnings: tuple[str, ...] = ()


def read_word_vectors(path: Path, wanted: Collection[str]) -> WordVectors:
    """The vectors of the words that are wanted, as far as the file has them.

    The first of several vectors of a word counts. Values of other words are counted,
    not read.

    Raises:
        InputError: There is no such file, it is of another form or damaged, vectors
            differ in width, or a value of a vector that is wanted is no number.
    """
    asked = frozenset(wanted)
    try:
        if path.suffix == ".npz":
            found, width, count, twice = read_arrays(path, asked)
            not_utf8 = None
        else:
            read = read_text(path, asked)
            found, width, count = read.vectors, read.width, read.words
            twice, not_utf8 = read.twice, read.not_utf8
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise InputError(f"vectors: there is no file {path}.") from None
    except IsADirectoryError:
        raise InputError(f"vectors: {path} is a folder; name the file in it.") from None
    except (gzip.BadGzipFile, zipfile.BadZipFile, EOFError, zlib.error):
        raise InputError(
            f"vectors: {path} is damaged or not whole: it cannot be unpacked. Copy it "
            "again."
        ) from None
    except OSError as error:
        raise InputError(
            f"vectors: {path} cannot be read ({error.strerror})."
        ) from None
    return WordVectors(found, width, count, sha256, tuple(_odd(twice, not_utf8)))


def _odd(twice: Sequence[str], not_utf8: int | None) -> list[str]:
    told = []
    if twice:
        more = ", ..." if len(twice) > _MOST_NAMED else ""
        shown = ", ".join(twice[:_MOST_NAMED]) + more
        told.append(f"Words with several vectors, of which the first counts: {shown}.")
    if not_utf8 is not None:
        told.append(
            f"Line {not_utf8} of the vectors is not UTF-8, and perhaps later ones; "
            "such words are not found."
        )
    return told
