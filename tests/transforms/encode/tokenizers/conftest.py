"""Tokenizers as they are loaded, and the library they are compared with."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tokenizers

from isinglass.schemas.config import EncodeConfig
from isinglass.transforms.encode.models.find import packaged_folder
from isinglass.transforms.encode.tokenizers.fast import FastLibrary
from isinglass.transforms.encode.tokenizers.tokenizer import Tokenizer, load_tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def wordpiece_file() -> Path:
    return packaged_folder() / "tokenizer.json"


@pytest.fixture(scope="session")
def gpt2_file(shared_data: Path) -> Path:
    return shared_data / "models" / "gpt2_bpe" / "tokenizer.json"


@pytest.fixture(scope="session")
def wordpiece() -> Tokenizer:
    return load_tokenizer(EncodeConfig())


@pytest.fixture(scope="session")
def gpt2(gpt2_file: Path) -> Tokenizer:
    return load_tokenizer(EncodeConfig(tokenizer=str(gpt2_file)))


@pytest.fixture(scope="session")
def library(wordpiece_file: Path) -> Any:
    """MiniLM's tokenizer by the library itself."""
    found = tokenizers.Tokenizer.from_file(str(wordpiece_file))
    found.no_padding()
    found.no_truncation()
    return found


@pytest.fixture(scope="session")
def pretender() -> Callable[..., FastLibrary]:
    """Return a function that makes a `fast` library of the reference's.

    Changes of its rules are known differences, which must then be found.
    """

    def make(content: dict[str, Any], **changes: Any) -> FastLibrary:
        changed = {**content, "padding": None, "truncation": None, **changes}
        library = tokenizers.Tokenizer.from_str(json.dumps(changed))

        def flat(texts: list[str]) -> tuple[bytes, bytes]:
            ids = [one.ids for one in library.encode_batch_fast(texts)]
            offsets = np.cumsum([0, *map(len, ids)]).astype(np.uint64)
            return np.array(list(chain(*ids)), np.uint32).tobytes(), offsets.tobytes()

        return FastLibrary("pretender", "1.0", flat)

    return make
