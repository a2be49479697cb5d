"""The secret key of value keys and hashes: whence it comes, and where it is kept."""

from __future__ import annotations

import os
import secrets

from isinglass.pipelines.engine.workspace import Workspace, read_bytes, write_atomically
from isinglass.schemas.config import PiiConfig
from isinglass.schemas.errors import ConfigError
from isinglass.transforms.pii.operators.replacement import LEAST_KEY

KEY = "key"
KEY_BYTES = 32


def known_key(workspace: Workspace, pii: PiiConfig | None) -> bytes:
    """Key from the environment or the folder; empty if there is none."""
    if pii is not None and pii.key_env is not None:
        return os.environ.get(pii.key_env, "").encode()
    try:
        return read_bytes(workspace.work / KEY)
    except OSError:
        return b""


def find_key(workspace: Workspace, pii: PiiConfig | None) -> bytes:
    """Key of value keys and hashes: from the environment, the folder, or a new one.

    Writes nothing; see `store_key`.

    Raises:
        ConfigError: The variable that the configuration names is not set or too short.
    """
    key = known_key(workspace, pii)
    if pii is None or pii.key_env is None:
        kept = len(key) == 2 * KEY_BYTES
        return key if kept else secrets.token_hex(KEY_BYTES).encode()
    if len(key.decode()) < LEAST_KEY:
        state = "too short" if key else "not set"
        msg = (
            f"pii.key_env: the environment variable {pii.key_env} is {state}. "
            f"Set it to a secret of at least {LEAST_KEY} characters."
        )
        raise ConfigError(msg)
    return key


def store_key(workspace: Workspace, pii: PiiConfig | None, key: bytes) -> None:
    """Keep a key that does not come from the environment, readable by its owner."""
    if not key or (pii is not None and pii.key_env is not None):
        return
    write_atomically(workspace.work / KEY, key, secret=True)
