"""Addresses of pages: where each ends, and what is none."""

from __future__ import annotations

import pytest

from isinglass.transforms.pii.checks.domains import is_known_host
from tests.transforms.pii.catalogue_cases import found

# What is found stands between ⟦ and ⟧.
CASES = [
    "⟦https://acme.org⟧",
    "See ⟦https://acme.org/a⟧.",
    "Is it ⟦https://acme.org/a⟧? No: ⟦http://acme.org/b⟧!",
    "⟦https://acme.org/a⟧, and (⟦https://acme.org/b⟧), or [⟦https://acme.org/c⟧]",
    "⟦https://en.wikipedia.org/wiki/Foo_(bar)⟧ or (⟦https://acme.org/Foo_(bar)⟧)",
    "[x](⟦https://acme.org/a_b⟧) <⟦https://acme.org/a⟧> <⟦https://acme.org/⟧>: y",
    "*⟦https://acme.org/a⟧* **⟦https://acme.org/b⟧** _⟦https://acme.org/c⟧_",
    "`⟦https://acme.org/a⟧` ``⟦https://acme.org/b⟧`` \\url{⟦https://acme.org/c⟧}",
    '"⟦https://acme.org/a⟧","⟦http://acme.org/b⟧"',
    "'⟦https://acme.org/a⟧','⟦http://acme.org/b⟧'",
    "1,⟦https://acme.org/a⟧,2 foo",
    "1,⟦https://acme.org/a⟧,foo",
    "1|⟦https://acme.org/a⟧|2;⟦https://acme.org/b⟧;3\t⟦https://acme.org/c⟧\t4",
    "⟦https://acme.org/@52.1,-13.4,15z⟧ x",
    "⟦https://acme.org/a;jsessionid=12⟧ x",
    r'{"u":"⟦https:\/\/acme.org\/a\/⟧","n":1}',
    r"x\n⟦https://acme.org/a⟧\nnext",
    '<a href="⟦https://acme.org/⟧">x</a> <a href=⟦https://acme.org/a⟧>x</a>',
    "href=&quot;⟦https://acme.org/a?b=1&amp;c=2⟧&quot; x",
    "&lt;⟦https://acme.org/a⟧&gt;",
    "⟦https://acme.org/a?b=1&c=%20#d⟧ ⟦https://acme.org/#!/a⟧",
    "⟦https://acme.org:8443/a⟧ ⟦http://jo:pw@acme.org/x⟧ ⟦ftp://acme.org/x⟧",
    "⟦http://185.60.216.35/x⟧ ⟦http://[2606:4700::6810:84e5]:80/x⟧",
    "⟦HTTPS://ACME.ORG/A⟧ See⟦https://acme.org/a⟧",  # as markup leaves it
    "⟦https://web.archive.org/web/2019/https://acme.org/a⟧",
    "⟦https://de.wikipedia.org/wiki/Käse⟧ ⟦https://ru.wikipedia.org/wiki/Сыр⟧",
    "⟦https://ar.wikipedia.org/wiki/جبن⟧، x",
    "⟦https://пример.рф/сыр⟧ ⟦http://例え.テスト/a⟧",
    "详见⟦https://acme.org/a⟧谢谢。⟦https://acme.org⟧文字",
    "⟦https://acme.org/a⟧를 보세요",
    "⟦https://acme.org/a⟧» ⟦https://acme.org/a⟧” ⟦https://acme.org/a⟧…",
    "⟦www.acme.org⟧ ⟦www2.acme.org/a⟧, _⟦www.acme.org⟧_",
    "my domains: ⟦acme.com⟧ ⟦acme.co.il⟧",
    "Website ⟦acme.org/a⟧.",
    "网址是⟦acme.org⟧",
    "re.match(x), foo.py, acme.org",  # no word
    "The link: re.match(x), README.md, lib.rs, os.path, jo@acme.org",
    "http://acme http://localhost:80/x http://1.2.3.4.5/x www.acme https://",
    "mailto:jo@www.acme.org x-www.acme.org /www.acme.org",
]


@pytest.mark.parametrize("marked", CASES)
def test_where_an_address_ends(marked: str) -> None:
    parts = marked.replace("⟧", "⟦").split("⟦")
    assert found("".join(parts), "URL") == parts[1::2]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("acme.org", True),
        ("WWW.ACME.CO.UK:80/a.html", True),
        ("acme.org\\/a", True),
        ("acme.html", False),
        ("org", False),
        ("/acme.org", False),
        ("", False),
    ],
)
def test_known_hosts(value: str, expected: bool) -> None:  # noqa: FBT001
    assert is_known_host(value) is expected
