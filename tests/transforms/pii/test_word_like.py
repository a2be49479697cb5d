from __future__ import annotations

import re

import pyarrow as pa
import pytest

from isinglass.transforms.pii.word_like import Mention, signs_of

PROSE = "Nobody knows It. We went There by Train, and slept well. "
"""Writes words with capitals, as signs are only looked for in such texts."""


def signs(value: str, *texts: str) -> tuple[int, int, int]:
    """Signs of all places of a value, which is taken out of the texts as a run does."""
    mentions = [
        Mention(row, "key", text, found.start(), found.end())
        for row, text in enumerate(texts)
        for found in re.finditer(re.escape(value), text)
    ]
    assert mentions
    clean = pa.array([text.replace(value, "<PERSON>") for text in texts])
    return signs_of(mentions, clean).get("key", (0, 0, 0))


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        # The words stand in small letters in the same text.
        ("Requirements", "All Requirements: see the requirements.", (1, 0, 0)),
        ("Requirements", "All Requirements: see the (requirements)!", (1, 0, 0)),
        ("REQUIREMENTS", "All REQUIREMENTS: see the requirements", (1, 0, 0)),
        ("Terms Of Service", "Our Terms Of Service. In terms of a service", (1, 0, 0)),
        ("J. Law", "See J. Law on the law of nature", (1, 0, 0)),
        ("Überblick", "Der Überblick gibt einen überblick", (1, 0, 0)),
        # Not all of them, or inside of something else.
        ("Bill Gates", "Now Bill Gates paid the bill", (0, 0, 0)),
        ("Guido", "Ask Guido: /home/guido or guido@python.org, @guido", (0, 0, 0)),
        ("Guido", "Ask Guido, import guido_tools, guido-lib, x.guido", (0, 0, 0)),
        ("Guido van Rossum", "By Guido van Rossum and van Dyke", (0, 0, 0)),
        ("Law", "A lawyer in his lawn: Law", (0, 0, 0)),
        # Initials, particles and abbreviations tell nothing.
        ("J. R. Al", "By J. R. Al and j r al", (0, 0, 0)),
        # Without a capital, it must not be the name of a user.
        ("replicas", "We set replicas as they were", (1, 0, 0)),
        ("guido", "Thanks to @guido for it", (0, 0, 0)),
        ("王小明", "Here is 王小明 again", (0, 0, 0)),
        # An article stands before it.
        ("Mayor", "So the Mayor said", (0, 1, 0)),
        ("Mayor", "So The\nMayor said", (0, 1, 0)),
        ("Mayor", "Each Mayor said", (0, 1, 0)),
        ("Mayor", "I bathe Mayor said", (0, 0, 0)),
        ("Mayor", "Say that Mayor said", (0, 0, 0)),
        ("Mayor", "In the old Mayor said", (0, 0, 0)),
        # Alone on its line, but nowhere in small letters.
        ("Hamlet", "Then\nHamlet\nTo be or not", (0, 0, 0)),
        ("John", "See John 3 and more", (0, 0, 0)),
    ],
)
def test_signs_of_one_finding(
    value: str, text: str, expected: tuple[int, int, int]
) -> None:
    assert signs(value, PROSE + text) == expected


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ("Requirements", "First.\n\nRequirements\n\nAll else", 1),
        ("Requirements", "First.\n\n## Requirements ##\nAll else", 1),
        ("Requirements", "First.\n**Requirements**:\nAll else", 1),
        ("Requirements", "First | Requirements | all else", 1),
        ("Requirements", "First.\n1. Requirements.", 1),
        ("Requirements", "First.\nRequirements of all else", 0),
        ("Requirements", "First.\nSuch Requirements\nof all else", 0),
        ("Requirements Law", "First.\nRequirements Law\nof all else", 0),
        ("D.C. Law", "by D.C. Law 2-140, as amended", 1),
        ("D.C. Law", "by D.C. Law No. 140, as amended", 1),
        ("D.C. Law", "by D.C. Law \u00a7140, as amended", 1),
        ("D.C. Law", "by D.C. Law, as amended in 14", 0),
        # Years stand behind names.
        ("Jude Law", "by Jude Law 1998, as amended", 0),
        ("Jude Law", "by Jude Law 19980, as amended", 1),
    ],
)
def test_labels_are_words_elsewhere(value: str, text: str, expected: int) -> None:
    other = PROSE + "By jude law or by requirements"
    assert signs(value, PROSE + text, other) == (0, 0, expected)


@pytest.mark.parametrize(("others", "expected"), [(1, 0), (2, 11)])
def test_a_tenth_as_many_texts_elsewhere(others: int, expected: int) -> None:
    texts = [f"{PROSE}\nAnna\nwrote {number}" for number in range(11)]
    texts += [f"{PROSE} An anna is a coin." for _ in range(others)]
    assert signs("Anna", *texts) == (0, 0, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # 3 of 100 words have a capital, then 2.
        ("Xy " * 3 + "xy " * 95 + "the Mayor", (0, 1, 0)),
        ("Xy " * 2 + "xy " * 96 + "the Mayor", (0, 0, 0)),
        ("we met john, and john met the Mayor of it all. " * 9, (0, 0, 0)),
    ],
)
def test_texts_in_small_letters_show_nothing(
    text: str, expected: tuple[int, int, int]
) -> None:
    assert signs("Mayor", text) == expected


def test_each_finding_counts_once_and_by_its_own_key() -> None:
    text = PROSE + "See the Mayor. A mayor. The Smith family. Smith left"
    mentions = [
        Mention(0, found[0], text, found.start(), found.end())
        for found in re.finditer("Mayor|Smith", text)
    ]
    clean = pa.array([re.sub("Mayor|Smith", "<PERSON>", text)])
    assert signs_of(mentions, clean) == {"Mayor": (1, 0, 0), "Smith": (0, 1, 0)}


def test_no_findings_and_no_letters() -> None:
    assert signs_of([], pa.array([PROSE])) == {}
    assert signs_of([], pa.array([], pa.string())) == {}
    assert signs_of([Mention(0, "key", "42", 0, 2)], pa.array([""])) == {}
