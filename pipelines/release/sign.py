"""Signatures of the statements: DSSE envelopes with Ed25519, offline, by a key file."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isinglass.pipelines.engine.workspace import read_bytes
from isinglass.schemas.errors import InputError, MissingExtraError

ATTESTATIONS = "attestations.intoto.jsonl"
STATEMENTS = ("provenance.intoto.json", "test-result.intoto.json")
PAYLOAD = "application/vnd.in-toto+json"

_MAKE = (
    "`openssl genpkey -algorithm ed25519 -out key.pem` makes one, and `openssl pkey "
    "-in key.pem -pubout -out key.pub` its public half"
)


@dataclass(frozen=True)
class Signer:
    """A private key and the id of its public half."""

    key: Any
    key_id: str


def _library() -> Any:
    try:
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError(
            "Signatures need the extra `release`: pip install 'isinglass[release]'."
        ) from None
    return serialization


def read_private(path: Path) -> Signer:
    """A private key of a PEM file, which is never shown.

    Raises:
        MissingExtraError: There is no library for it.
        InputError: There is no such key.
    """
    library = _library()
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415

    try:
        key = library.load_pem_private_key(_content(path), password=None)
    except TypeError:
        raise InputError(
            f"{path} is protected by a password; give a key file without one."
        ) from None
    except ValueError:
        raise InputError(f"{path} holds no private key in PEM; {_MAKE}.") from None
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise InputError(f"{path} is no Ed25519 key; {_MAKE}.")
    return Signer(key, _key_id(key.public_key()))


def read_public(path: Path) -> Any:
    """A public key of a PEM file; raises as `read_private` does."""
    library = _library()
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415

    try:
        key = library.load_pem_public_key(_content(path))
    except ValueError:
        raise InputError(f"{path} holds no public key in PEM; {_MAKE}.") from None
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise InputError(f"{path} is no Ed25519 key; {_MAKE}.")
    return key


def envelopes(statements: Sequence[bytes], signer: Signer) -> str:
    """An envelope a line; equal statements and keys give equal bytes."""
    lines = []
    for statement in statements:
        signature = signer.key.sign(_encoded(statement))
        envelope = {
            "payloadType": PAYLOAD,
            "payload": base64.b64encode(statement).decode(),
            "signatures": [
                {"keyid": signer.key_id, "sig": base64.b64encode(signature).decode()}
            ],
        }
        lines.append(json.dumps(envelope, sort_keys=True) + "\n")
    return "".join(lines)


def payloads(content: bytes) -> list[bytes] | None:
    """What the envelopes hold; None if it cannot be read."""
    try:
        told = [json.loads(line) for line in content.splitlines()]
        return [base64.b64decode(one["payload"], validate=True) for one in told]
    except (ValueError, KeyError, TypeError):
        return None


def is_signed(content: bytes, key: Any) -> bool:
    """Whether every envelope bears a signature by the key."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415

    try:
        for line in content.splitlines():
            told = json.loads(line)
            if told["payloadType"] != PAYLOAD:
                return False
            statement = base64.b64decode(told["payload"], validate=True)
            signature = told["signatures"][0]["sig"]
            key.verify(base64.b64decode(signature, validate=True), _encoded(statement))
    except (InvalidSignature, ValueError, KeyError, TypeError, IndexError):
        return False
    return bool(content.strip())


def _encoded(statement: bytes) -> bytes:
    """What is signed: type and payload with their lengths (PAE of DSSE v1)."""
    kind = PAYLOAD.encode()
    head = b"DSSEv1 %d %s %d " % (len(kind), kind, len(statement))
    return head + statement


def _key_id(key: Any) -> str:
    library = _library()
    raw = key.public_bytes(library.Encoding.Raw, library.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()


def _content(path: Path) -> bytes:
    try:
        return read_bytes(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
