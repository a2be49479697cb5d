"""Weights spread over several files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def split_weights(folder: Path, count: int = 3) -> list[str]:
    """Replace a folder's one weights file by several; returns their names."""
    from safetensors.torch import load_file, save_file  # noqa: PLC0415

    tensors = load_file(folder / "model.safetensors")
    names = [f"model-{n:05}-of-{count:05}.safetensors" for n in range(1, count + 1)]
    places = {key: names[n % count] for n, key in enumerate(sorted(tensors))}
    for name in names:
        part = {key: tensors[key] for key, place in places.items() if place == name}
        save_file(part, folder / name, metadata={"format": "pt"})
    index = {"metadata": {}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "model.safetensors").unlink()
    return names
