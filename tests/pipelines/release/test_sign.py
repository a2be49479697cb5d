from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from isinglass.pipelines.release.sign import (
    Signer,
    envelopes,
    is_signed,
    payloads,
    read_private,
    read_public,
)
from isinglass.schemas.errors import InputError, MissingExtraError

STATEMENTS = [b'{"a": 1}\n', b'{"b": 2}\n']


def pem(key: object, password: bytes | None = None) -> bytes:
    assert isinstance(key, ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey)
    how: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password:
        how = serialization.BestAvailableEncryption(password)
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, how)


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    (tmp_path / "key.pem").write_bytes(pem(key))
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = key.public_key().public_bytes(serialization.Encoding.PEM, form)
    (tmp_path / "key.pub").write_bytes(public)
    return tmp_path / "key.pem", tmp_path / "key.pub"


@pytest.fixture
def signer(keys: tuple[Path, Path]) -> Signer:
    return read_private(keys[0])


def test_what_was_signed_is_known(keys: tuple[Path, Path], signer: Signer) -> None:
    content = envelopes(STATEMENTS, signer)
    assert content == envelopes(STATEMENTS, read_private(keys[0]))
    assert payloads(content.encode()) == STATEMENTS
    assert is_signed(content.encode(), read_public(keys[1]))
    line = json.loads(content.splitlines()[0])
    assert line["payloadType"] == "application/vnd.in-toto+json"
    # As DSSE has it, by hand: type and payload, each after its length.
    encoded = b'DSSEv1 28 application/vnd.in-toto+json 9 {"a": 1}\n'
    signature = base64.b64decode(line["signatures"][0]["sig"])
    signer.key.public_key().verify(signature, encoded)


@pytest.mark.parametrize(
    "change",
    [
        lambda _: "",
        lambda _: "\n",
        lambda text: text.replace('"sig": "', '"sig": "AAAA'),
        lambda text: text.replace("in-toto+json", "in-toto+yaml"),
        lambda text: text.replace("payloadType", "payloadKind"),
        lambda text: text.replace(
            base64.b64encode(STATEMENTS[0]).decode(), base64.b64encode(b"{}\n").decode()
        ),
        lambda text: text[:-20],
        lambda text: text.replace('"signatures": [', '"signatures": [], "x": ['),
        lambda text: text + '{"payload": "e30=", "payloadType": "x"}\n',
        lambda _: "[]\n",
    ],
)
def test_what_was_changed_is_refused(
    keys: tuple[Path, Path], signer: Signer, change: object
) -> None:
    assert callable(change)
    content = change(envelopes(STATEMENTS, signer))
    assert not is_signed(content.encode(), read_public(keys[1]))


def test_another_key_is_refused(signer: Signer) -> None:
    content = envelopes(STATEMENTS, signer).encode()
    assert not is_signed(content, ed25519.Ed25519PrivateKey.generate().public_key())


def test_keys_that_cannot_be_used(tmp_path: Path, keys: tuple[Path, Path]) -> None:
    path = tmp_path / "other.pem"
    curve = ec.generate_private_key(ec.SECP256R1())
    for content, said in [
        (b"no key", "holds no private key in PEM; `openssl genpkey"),
        (pem(curve), "is no Ed25519 key"),
        (pem(ed25519.Ed25519PrivateKey.generate(), b"x"), "protected by a password"),
        (keys[1].read_bytes(), "holds no private key"),
    ]:
        path.write_bytes(content)
        with pytest.raises(InputError, match=said):
            read_private(path)
    with pytest.raises(InputError, match="holds no public key"):
        read_public(keys[0])
    with pytest.raises(InputError, match=r"none\.pem cannot be read: No such file"):
        read_private(tmp_path / "none.pem")


def test_without_the_extra_it_is_named(
    keys: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)
    with pytest.raises(MissingExtraError, match=r"isinglass\[release\]"):
        read_private(keys[0])
    with pytest.raises(MissingExtraError, match=r"isinglass\[release\]"):
        read_public(keys[1])
