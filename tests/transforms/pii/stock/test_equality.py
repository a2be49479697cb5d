"""Mode `exact` and stock Presidio find the same, score by score."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isinglass.schemas.config.pii import EntityConfig, PiiConfig
from isinglass.transforms.pii import windows
from isinglass.transforms.pii.budget import Budget
from isinglass.transforms.pii.chunks import Chunk, chunk_spans
from isinglass.transforms.pii.detector import build_detector
from isinglass.transforms.pii.found import FoundColumns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isinglass.transforms.pii.stock.scanner import StockScanner

DATA = Path(__file__).parents[5] / "shared" / "data"

Findings = list[Counter[tuple[int, int, str, float]]]

TEXTS = (
    "",
    " \n\t ",
    "No identifier at all, and no name.",
    # One of each of the default recognizers, with and without context words.
    "Write to jane.doe@example.co.uk or to jane@nowhere.invalid today.",
    "email: a@b.com, c@d.org;e@f.de <mailto:g.h+tag@sub.example.net>",
    "My visa card is 4111 1111 1111 1111, not 4111-1111-1111-1112.",
    "5555555555554444 and 378282246310005 and 30569309025904",
    "IBAN DE89370400440532013000 2 days from today; gb82 west 1234 5698 7654 32",
    "bank transaction: FR14 2004 1010 0505 0001 3M02 606, DE89370400440532013001",
    "US social security number 536-22-1234, ssn 078-05-1120, 123-45-6789 or 536221234",
    "536.22-1234 and 53622-1234 and 536-221234",
    "taxpayer itin 912-70-1234 and 912701234 and 91270-1234",
    "passport 912803456, A12345678; us document z87654321",
    "driver license H12345678, permit A1234567; public o1 t21 F5 12345678",
    "account# 945456787654 at the bank, check 12345678",
    "NHS 943 476 5919, 9434765919 and 943-476-5918",
    "DEA certificate AB1234563, medical AB1234564, xb1234563",
    "bitcoin wallet 16Yeky6GMjeNkAiNcBY7ZhrLoMSgg1BoyZ is an address",
    "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq is another, in crypto",
    "ip 192.168.1.1, 8.8.8.8/24, 256.1.1.1, ::1, ::ffff:1.2.3.4, fe80::1%eth0/64",
    "a ::= b | 2001:0db8:85a3:0000:0000:8a2e:0370:7334, 1:2:3:4:5:6:7:8:9",
    (
        "mac address 00:1B:44:11:3A:B7, 00-1b-44-11-3a-b7, 001b.4411.3ab7, "
        "ff:ff:ff:ff:ff:ff"
    ),
    "uuid 550e8400-e29b-41d4-a716-446655440000, 00000000-0000-0000-0000-000000000000",
    "date 2019-05-04T10:20:30Z, 5/4/2019, 04-MAY-2019, may-19, 2019/5/4, 5/19, 4.5.19",
    "Barack Obama met Angela Merkel in Berlin on 3 June 2013, a German newspaper said.",
    # URLs: schemes, quotes, suffixes glued to words, hosts of dots, long hosts.
    "link https://www.example.com/a?b=c#d, HTTP://EXAMPLE.ORG, see example.com/x(y)",
    "'http://https://go.example.com/fwlink/?LinkID=603' \"www.example.net\" 'a.io\"",
    "re.match, turtle.isdown; U.S. e.g. i.e. x..com ...com -.com .com a.c",
    "website: http://" + "a" * 300 + ".com and " + "b." * 200 + "org end.Next",
    "http://user:pass@example.com:8080/ ftp://example.edu \"https://example.gov/'",
    # Phones of many regions, years, ranges, dates, brackets, letters around them.
    "phone (425) 882-8080, +1 425-882-8080, 425.882.8080 x123, 1-800-555-0199",
    "call +44 20 7946 0958 or 020 7946 0958, mobile 07700 900123, cell 0151 23456789",
    (
        "telephone +33 1 23 45 67 89, 01 23 45 67 89; +49 30 901820; "
        "03-6123456; +972 3-612-3456"
    ),
    (
        "number +91 98765 43210, 098765 43210; +55 11 91234-5678, (11) "
        "91234-5678; +81 3-1234-5678"
    ),
    (
        "in 1648, 1684 and 1687; 1990-1999; 2012-01-02 08:00; 3/10/2011; "
        "15/2/1966 12345678"
    ),
    (
        "v4258828080 $4258828080 4258828080% 4258828080a é4258828080 "
        "(4258828080 [425]8828080"
    ),
    "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 425 882 8080 16 17 18 19 20 21 22 23 24 25",
    (
        "+1 425 882 8080/8081, 425-882-8080/425-882-8081; pp. 4258828080 "
        "\uff0b1 425 882 8080"
    ),
    # Context before, inside and after; across stop words, punctuation and lines.
    "12345678 is the account. Is 12345678 the number of the account?",
    "The bank, of course, as you and I and they all know by now: 12345678",
    "account:12345678 foo:the the:us bank:of 912803456 ::: a:b 12:30 912803456 :D",
    "They're gonna let's ain't c'mon y'all got to be us, 912803456 12345678",
    "my licence\n\n  number\tis   H12345678\r\nduplicate H7654321 public A123456",
    "There was a driver. There 's H12345678. It is what it has been: H12345678",
    # Lists, overlaps, repeats, and results that lie within each other.
    "Name\tPhone\nAnn Lee\t212-555-0123\nBob Ray\t212-555-0124\nCy Young\t212-555-0125",
    "78-05-1120 078051120 078051120 4258828080 10.10.10.10 10/10/2010 2010-10-10",
    "2010-10-10T10:10:10.000Z http://10.10.10.10 a@10.10.10.10 a@b.com.br b.com@c.com",
    # Scripts, digits and letters that fold to an ASCII letter.
    "余额5500000000000004元 邮箱a@b.com IP192.168.1.1地址 电话+86 138 0013 8000",
    (
        "\u062c\u062f\u0629 "
        "\u0664\u0662\u0665\u0668\u0668\u0662\u0668\u0660\u0668\u0660 and "
        "\uff14\uff11\uff11\uff11 \uff11\uff11\uff11\uff11 "
        "\uff11\uff11\uff11\uff11 \uff11\uff11\uff11\uff11 and "
        "\u0967\u0968\u0969\u096a\u096b\u096c\u096d\u096e"
    ),
    (
        "http\u017f://example.com \u212aelvin.com \u017f\u017f.com \u0130.com "
        "\u0131.com WWW.K\u212a.ORG"
    ),
    (
        "mac\u017f a\u0301@b.com \ufb01@x.com "
        "\U0001d7d2\U0001d7cf\U0001d7cf\U0001d7cf\U0001d7cf\U0001d7cf\U0001d7cf"
        "\U0001d7cf\U0001d7cf\U0001d7cf\U0001d7cf\U0001d7cf\U0001d7cf\U0001d7cf"
        "\U0001d7cf\U0001d7cf \U0001e951\U0001e952 \U0001f44da@b.com\U0001f44d "
        "\u200b536-22-1234\ufeff"
    ),
    "78-05-1120\u00b2 078051120\u00b2 \u00bd4258828080 \uff3f536-22-1234\uff3f",
    "A\u017f1234567 \u212a12345678 bi\u017ftro@\u212a.com MA\u017f 00:1B:44:11:3A:B7",
)


def found(
    scanner: StockScanner, texts: Sequence[str], seconds: float = 60.0
) -> Findings:
    budget, columns = Budget(seconds), FoundColumns()
    scanner.scan(pa.array(texts, pa.string()), np.arange(len(texts)), budget, columns)
    assert not budget.failed
    counts: Findings = [Counter() for _ in texts]
    for row in columns.batch().to_pylist():
        place = (row["start"], row["end"], row["entity"], row["score"])
        counts[row["row"]][place] += 1
    return counts


def expected(analyzer: Any, texts: Sequence[str]) -> Findings:
    return [
        Counter(
            (result.start, result.end, result.entity_type, result.score)
            for result in analyzer.analyze(text, "en")
        )
        for text in texts
    ]


def test_fixed_texts(analyzer: Any, scanner: StockScanner) -> None:
    want = expected(analyzer, TEXTS)
    kinds = {place[2] for counts in want for place in counts}
    # The texts hold something for every recognizer, and some results are raised.
    assert kinds == set(analyzer.get_supported_entities("en"))
    assert {0.4, 0.75, 0.95} <= {place[3] for counts in want for place in counts}
    for text, ours, theirs in zip(TEXTS, found(scanner, TEXTS), want, strict=True):
        assert ours == theirs, text


def _sample(chars: int) -> list[str]:
    texts = [
        json.loads(line)["text"]
        for path in sorted((DATA / "pii").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    for path in sorted((DATA / "corpus").glob("*.parquet"))[:1]:
        texts += pq.read_table(path, columns=["text"])["text"].to_pylist()[:1000]
    random.Random(5).shuffle(texts)  # noqa: S311 - a sample, no secret
    sample: list[str] = []
    for text in texts:
        if len(text) <= chars // 10:
            sample.append(text)
        if sum(map(len, sample)) > chars:
            break
    return sample


@pytest.mark.skipif(not (DATA / "pii").is_dir(), reason="no data beside the checkout")
def test_a_sample_of_real_texts(analyzer: Any, scanner: StockScanner) -> None:
    texts = _sample(25_000)
    want = expected(analyzer, texts)
    assert sum(map(len, want)) > 100
    for text, ours, theirs in zip(texts, found(scanner, texts), want, strict=True):
        assert ours == theirs, text


def test_a_text_that_is_cut(
    analyzer: Any, scanner: StockScanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def small(text: str, _size: int = 0) -> list[Chunk]:
        return chunk_spans(text, 2_000, 500)

    text = "\n\n".join(TEXTS)
    assert len(small(text)) > 2
    monkeypatch.setattr(windows, "chunk_spans", small)
    assert found(scanner, [text]) == expected(analyzer, [text])


def test_thresholds_apply_afterwards(analyzer: Any) -> None:
    entities = dict.fromkeys(
        ("US_SSN", "DATE_TIME", "PERSON"), EntityConfig(threshold=0.5)
    )
    detector = build_detector(PiiConfig(mode="exact", entities=entities))
    findings = detector.detect(pa.array(TEXTS), pa.array(["en"] * len(TEXTS))).findings
    columns = [findings[name].to_pylist() for name in ("row", "entity", "score")]
    assert Counter(zip(*columns, strict=True)) == Counter(
        (row, place[2], place[3])
        for row, counts in enumerate(expected(analyzer, TEXTS))
        for place in counts
        if place[2] in entities and place[3] >= 0.5
    )


PIECES = st.sampled_from(
    [
        *"0123456789 \n.:-/@+()'\"#,",
        *("http://", "www.", ".com", "a", "bank", "account", "card", "the", "us", "::"),
        *("4258828080", "536-22-1234", "192.168", "4111", "H1234567", "\u017f", "é"),
    ]
)


@settings(max_examples=40, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_random_texts(analyzer: Any, scanner: StockScanner, text: str) -> None:
    assert found(scanner, [text]) == expected(analyzer, [text])
