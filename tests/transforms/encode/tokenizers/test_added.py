"""Added tokens that a fast library may find otherwise keep it out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from isinglass.schemas.config import EncodeConfig
from isinglass.transforms.encode.models.find import packaged_folder
from isinglass.transforms.encode.tokenizers.tokenizer import load_tokenizer

if TYPE_CHECKING:
    from pathlib import Path


def _added(number: int, **changes: Any) -> dict[str, Any]:
    plain = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {
        "id": 30_522 + number,
        "content": f"zqxv{number}",
        "special": True,
        **plain,
        **changes,
    }


@pytest.mark.parametrize(
    ("added", "text", "fast"),
    [
        ([_added(0)], "foo ZQXV0 bar", True),
        ([_added(0, normalized=True)], "foo ZQXV0 bar", False),
        (
            [*(_added(n) for n in range(70)), _added(70, single_word=True)],
            "foozqxv70bar",
            False,
        ),
    ],
)
def test_ids_are_the_references(
    tmp_path: Path, added: list[dict[str, Any]], text: str, *, fast: bool
) -> None:
    content = json.loads((packaged_folder() / "tokenizer.json").read_text())
    content["added_tokens"] += added
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(content))
    tokenizer = load_tokenizer(EncodeConfig(tokenizer=str(path)), tmp_path)
    assert tokenizer.backend.startswith("tokenizers ") == (not fast)
    found = tokenizer.encode(pa.array([text])).values
    assert (
        found.tolist() == tokenizer.reference.encode(pa.array([text])).values.tolist()
    )
