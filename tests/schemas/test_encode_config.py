from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from isinglass.schemas.config import EncodeConfig


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"windows": "window", "stride": 255},
        {"embeddings": "none", "masks": True, "word_ids": True},
        {"tokens": False, "packed": {}, "megatron": {}},
        {"semantic": {}, "hidden_states": True},
        {"device": "cuda:3"},
    ],
)
def test_what_goes_together(settings: dict[str, Any]) -> None:
    made = EncodeConfig(**settings)
    assert EncodeConfig.model_validate(made.model_dump()) == made


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"stride": 1}, "stride 1 needs windows: window, not all"),
        ({"windows": "truncate", "stride": 1}, "needs windows: window, not truncate"),
        (
            {"windows": "window", "stride": 256},
            "stride 256 must be less than max_tokens 256",
        ),
        ({"embeddings": "none", "semantic": {}}, "semantic needs the encoder"),
        ({"embeddings": "none", "hidden_states": True}, "hidden_states needs"),
        ({"tokens": False, "masks": True}, "masks are columns of tokens/"),
        ({"tokens": False, "word_ids": True}, "word_ids are columns of tokens/"),
        ({"device": "gpu"}, "device"),
        ({"device": "cuda:"}, "device"),
        ({"max_tokens": 7}, "greater than or equal to 8"),
        ({"verify_tokenizer": 1.5}, "less than or equal to 1"),
        ({"semantic": {"duplicates": 0}}, "greater than 0"),
        ({"tokens": False, "embeddings": "none"}, "nothing would be written"),
        ({"packed": {"size": 10}}, "Extra inputs are not permitted"),
        ({"truncate_tokens": True}, "Extra inputs are not permitted"),
    ],
)
def test_what_does_not(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        EncodeConfig(**settings)
