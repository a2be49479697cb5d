from __future__ import annotations

from typing import Any

import pytest

from isinglass.pipelines.engine.fingerprint import config_digest
from isinglass.schemas.config import load_config, load_release
from isinglass.schemas.config.release import ReleaseConfig
from isinglass.schemas.errors import ConfigError

RUN = "inputs: [{path: x}]\noutput: y\n"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("licence: cc-by-4.0", {"licence": "CC-BY-4.0"}),
        ("licence: mit or apache-2.0", {"licence": "MIT OR Apache-2.0"}),
        ("licence: LicenseRef-Ours", {"licence": "LicenseRef-Ours"}),
        ("published: '2026-11'", {"published": "2026-11"}),
        ("published: '2024-02-29'", {"published": "2024-02-29"}),
        ("url: 'https://example.org/a?b=c#d'", {"url": "https://example.org/a?b=c#d"}),
        ("purpose: ' To try. '", {"purpose": "To try."}),
        ("version: 10.0.1", {"version": "10.0.1"}),
        ("sources: {web: {kind: user}}", {"sources": {"web": {"kind": "user"}}}),
        ("require: [all, licence]", {"require": ["all", "licence"]}),
    ],
)
def test_what_may_be_said(given: str, told: dict[str, Any]) -> None:
    settings = load_config(f"{RUN}release: {{{given}}}").release
    assert settings is not None
    assert settings.model_dump(mode="json", exclude_defaults=True) == told


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("licence: CC BY 4", "release.licence: 'CC BY 4' is no SPDX licence expr"),
        ("licence: foo", "no SPDX licence expression; write for example CC-BY-4.0"),
        ("licens: MIT", "release.licens: unknown key; did you mean licence?"),
        ("published: '2026-13'", "is no date; write it as 2026-11-30"),
        ("published: '2023-02-29'", "is no date"),
        ("published: 2026-11-30", "write text, in quotes"),
        ("published: '2026'", "is no date"),
        ("url: javascript:alert(1)", "is no address; write it whole"),
        ("url: 'https://a.b/\" onload=x'", "is no address"),
        ("url: example.org", "is no address"),
        ("purpose: '  '", "release.purpose: is blank; write it, or leave the key out"),
        ("version: 1.0", "release.version"),
        ("version: 1.0.0-rc1", "three numbers, as in 1.0.0"),
        ("sources: {web: {kind: crawl}}", "none of public, private, crawled"),
        ("require: [licens]", "licens is none of all, licence, purpose"),
    ],
)
def test_what_is_refused(given: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_config(f"{RUN}release: {{{given}}}")
    assert said in str(refused.value)


def test_the_section_does_not_make_another_run() -> None:
    one = load_config(f"{RUN}release: {{licence: MIT}}").model_dump(mode="json")
    two = load_config(RUN).model_dump(mode="json")
    assert one != two
    assert config_digest(one) == config_digest(two)


@pytest.mark.parametrize(
    ("text", "overrides", "licence"),
    [
        (None, [], "MIT"),
        (None, ["release.licence=ISC"], "ISC"),
        ("release: {licence: 0BSD}", [], "0BSD"),
        (f"{RUN}release: {{licence: 0BSD}}", [], "0BSD"),
        ("release: {title: A}", [], None),
        ("release: {licence: 0BSD}", ["release.licence=ISC"], "ISC"),
    ],
)
def test_which_words_hold(
    text: str | None, overrides: list[str], licence: str | None
) -> None:
    standing = ReleaseConfig(licence="MIT")
    assert load_release(text, overrides, standing).licence == licence


@pytest.mark.parametrize(
    ("text", "overrides", "said"),
    [
        ("relase: {licence: MIT}", [], "relase: did you mean release?"),
        ("name: x", [], "has no `release` section"),
        ("release: {licens: MIT}", [], "release.licens: unknown key; did you mean"),
        (None, ["licence=MIT"], "licence: "),
        (None, ["release.licence=foo"], "release.licence: 'foo' is no SPDX"),
    ],
)
def test_words_that_are_refused(
    text: str | None, overrides: list[str], said: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        load_release(text, overrides, ReleaseConfig())
    assert said in str(refused.value)
