"""Keys, tokens and passwords. None of them opens anything: all are made up."""

from __future__ import annotations

import pytest

from isinglass.transforms.pii.reserved import is_reserved
from tests.transforms.pii.catalogue_cases import Case, found

# Twenty characters that look drawn at random; written in parts so that no scanner of
# repositories takes these tests for a leak.
R = "q7Zt2Kf9WmB4xLd8Vn3P"

TOKENS = [
    "AKIA" + "Q7ZT2KF4WMB4XLD7",
    "ghp_" + R[:18] * 2,
    "gho_" + R[:18] * 2,
    "github_pat_" + R + "_" + R,
    "glpat-" + R,
    "xoxb-123456789012-" + R,
    "AIza" + R[:17] * 2 + "d",
    "sk_live_" + R,
    "rk_live_" + R,
    "sk_test_" + R,
    "sk-" + R + R,
    "sk-proj-" + R + "-" + R,
    "sk-ant-api03-" + R + "_" + R,
    "hf_" + R[:17] * 2,
    "npm_" + R[:18] * 2,
    "pypi-AgEIcHlwaS5vcmc" + R,
    "SG." + R + "ab" + "." + R + R + "abc",
    "123456789:AA" + R + R[:13],
    "dop_v1_" + "0f1e2d3c" * 8,
    "shpat_" + "0f1e2d3c" * 4,
]


@pytest.mark.parametrize("token", TOKENS)
def test_tokens_by_their_prefix(token: str) -> None:
    for text in (f"use {token}.", f"密钥{token}是", f'"{token}"', f"key={token}&x=1"):
        assert found(text, "SECRET") == [token], text
    assert found(f"a{token}", "SECRET") == []
    assert found(token[:-3] + " " + token[-3:], "SECRET") in ([], [token[:-3]])


PEM = (
    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n"
    + (R + R + "+/==\n") * 3
    + "-----END RSA PRIVATE KEY-----"
)

CASES: list[Case] = [
    ("AKIAIOSFODNN7EXAMPLE", []),
    ("ghp_" + "x" * 36 + " sk_live_" + "0" * 24, []),
    ("AKIA" + "Q7ZT2KF4WMB4XLD1", []),  # 1 is no character of base32
    (
        f"aws_secret_access_key = {R}{R[:19]}/",
        [f"{R}{R[:19]}/"],
    ),
    ('"secretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"', []),
    (f"sha1 {'0f1e2d3c4b' * 4}", []),
    ("Twilio API key SK" + "0f1e2d3c" * 4, ["SK" + "0f1e2d3c" * 4]),
    ("SK" + "0f1e2d3c" * 4, []),
    (
        "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"],
    ),
    ("eyJ0eXAiOiJKV1QifQ.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", []),
    (f"key:\n{PEM}\nend", [PEM]),
    (PEM.replace("PRIVATE", "PUBLIC"), []),
    ("-----BEGIN PRIVATE KEY-----\n...", []),
    (f"AccountKey={R * 4}{R[:6]}==;", [f"{R * 4}{R[:6]}=="]),
    (f"api_key = '{R}'", [R]),
    (f'"client_secret": "{R}"', [R]),
    (f"Authorization: Bearer {R}", [R]),
    ("api_key = 'your_api_key_goes_here'", []),
    ("api_key = os.environ['API_KEY_NAME_1']", []),
    (f"checksum = '{R}'", []),
    (f"secret = '{R}{R}'", [R + R]),
    (f'token: "{R}abcd"', [f"{R}abcd"]),
    (f'{{"token":"{R}"}} SELF.SECRET := "{R}"', [R, R]),
    (f"token: {R}abcd secret={R}{R}", []),  # not quoted
    (f"csrf_token = '{R}' my-secret = '{R}' tokens = '{R}' secretary: '{R}'", []),
    ("token = 'name-of-the-next-element' secret: 'q7Zt2Kf9'", []),
    ('password: "HelloCockro@ch123"', ["HelloCockro@ch123"]),
    ("password = 'changeme'", []),
    ("password: getPassword1(), pwd='short1!'", []),
]


@pytest.mark.parametrize("case", CASES)
def test_secrets(case: Case) -> None:
    text, expected = case
    assert found(text, "SECRET") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgres://writer:h4Kq9zt@pg.home.arpa/x", ["writer:h4Kq9zt"]),
        ("见https://jo:geheim1@acme.org/。", ["jo:geheim1"]),
        ("https://user:password@acme.org ftp://user:pass@acme.org", []),
        ("https://jo:${PASSWORD}@acme.org redis://x:<token>@acme.org", []),
        ("mysql://root:xxx@acme.org postgres://demo:demo7@127.0.0.1:26257", []),
        ("https://acme.org/@jo:1 and mailto:jo@acme.org, http://acme.org:80/a@b", []),
        (f"https://acme.org/?a=1&token={R}&b=2", [R]),
        (f"https://acme.org/;jsessionid={R}", [R]),
        (f"https://acme.org/?a=1&amp;access_token={R}", [R]),
        (f"https://acme.org/?token=short1 https://acme.org/?page={R}", []),
        ("https://acme.org/?key=value&token=some-words-for-a-page", []),
    ],
)
def test_credentials_in_addresses(text: str, expected: list[str]) -> None:
    assert found(text, "URL_CREDENTIALS") == expected


@pytest.mark.parametrize(
    "value",
    [
        "user:password",
        "admin:changeme",
        "a:${X}",
        "a:<secret>",
        "a:***",
        "AKIA1EXAMPLE",
    ],
)
def test_placeholders_are_reserved(value: str) -> None:
    assert is_reserved("URL_CREDENTIALS", value)
    assert not is_reserved("URL_CREDENTIALS", f"jo:{R}")
