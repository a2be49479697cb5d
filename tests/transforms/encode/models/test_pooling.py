from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from isinglass.schemas.errors import RefuseError
from isinglass.transforms.encode.models.find import packaged_folder
from isinglass.transforms.encode.models.folder import pooling_of

if TYPE_CHECKING:
    from pathlib import Path

OLD = "sentence_transformers.models"
NEW = "sentence_transformers.sentence_transformer.modules.pooling"


def save_modules(folder: Path, *kinds: str) -> None:
    modules = [
        {
            "idx": place,
            "name": str(place),
            "path": f"{place}_{kind.rpartition('.')[2]}" if place else "",
            "type": kind,
        }
        for place, kind in enumerate(kinds)
    ]
    (folder / "modules.json").write_text(json.dumps(modules))


def save_pooling(folder: Path, name: str = "1_Pooling", **settings: Any) -> None:
    (folder / name).mkdir()
    (folder / name / "config.json").write_text(json.dumps(settings))


def test_packaged_model() -> None:
    assert pooling_of(packaged_folder()) == "mean"


def test_folder_that_says_nothing(tmp_path: Path) -> None:
    assert pooling_of(tmp_path) is None


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}, "mean"),
        ({"pooling_mode_mean_tokens": False, "pooling_mode_cls_token": True}, "cls"),
        ({"pooling_mode": "mean"}, "mean"),
        ({"pooling_mode": "cls", "pooling_mode_mean_tokens": True}, "cls"),
        ({"pooling_mode": ["cls"]}, "cls"),
        ({"word_embedding_dimension": 8}, "mean"),
    ],
)
@pytest.mark.parametrize("listed", [True, False])
def test_mode(
    tmp_path: Path,
    settings: dict[str, Any],
    expected: str,
    listed: bool,  # noqa: FBT001
) -> None:
    save_pooling(tmp_path, **settings)
    if listed:
        save_modules(tmp_path, f"{OLD}.Transformer", f"{OLD}.Pooling")
    assert pooling_of(tmp_path) == expected


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"pooling_mode_max_tokens": True}, "max"),
        ({"pooling_mode_mean_sqrt_len_tokens": True}, "mean_sqrt_len_tokens"),
        ({"pooling_mode_weightedmean_tokens": True}, "weightedmean"),
        ({"pooling_mode_lasttoken": True}, "lasttoken"),
        ({"pooling_mode": "max"}, "max"),
        ({"pooling_mode": None}, "None"),
        ({"pooling_mode": ["cls", "mean"]}, "cls and mean"),
        (
            {"pooling_mode_cls_token": True, "pooling_mode_max_tokens": True},
            "cls and max",
        ),
    ],
)
def test_mode_that_there_is_not(
    tmp_path: Path, settings: dict[str, Any], named: str
) -> None:
    save_pooling(tmp_path, **settings)
    pattern = f"asks for the pooling {named}, which there is not. Set encode.pooling"
    with pytest.raises(RefuseError, match=pattern):
        pooling_of(tmp_path)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ((f"{OLD}.Transformer", f"{OLD}.Pooling", f"{OLD}.Normalize"), "cls"),
        ((f"{NEW}.Transformer", f"{NEW}.Pooling"), "cls"),
        ((f"{OLD}.Transformer",), None),
        ((f"{OLD}.Transformer", f"{OLD}.Pooling", f"{OLD}.Dense"), "Dense"),
        ((f"{OLD}.Transformer", f"{OLD}.Pooling", f"{OLD}.Pooling"), "Pooling"),
        ((f"{OLD}.Transformer", f"{OLD}.Pooling", "own.module.Thing"), "Thing"),
        ((f"{OLD}.StaticEmbedding",), "StaticEmbedding"),
        ((f"{OLD}.Transformer", f"{OLD}.SpladePooling"), "SpladePooling"),
    ],
)
def test_modules(tmp_path: Path, kinds: tuple[str, ...], expected: str | None) -> None:
    save_pooling(tmp_path, pooling_mode="cls")
    save_modules(tmp_path, *kinds)
    if expected in {"cls", None}:
        assert pooling_of(tmp_path) == expected
        return
    with pytest.raises(RefuseError, match=f"has a module {expected} in its modules"):
        pooling_of(tmp_path)


def test_pooling_elsewhere(tmp_path: Path) -> None:
    save_modules(tmp_path, f"{OLD}.Transformer", f"{OLD}.Normalize", f"{OLD}.Pooling")
    with pytest.raises(RefuseError, match=r"2_Pooling/config\.json is missing"):
        pooling_of(tmp_path)
    save_pooling(tmp_path, "2_Pooling", pooling_mode="cls")
    assert pooling_of(tmp_path) == "cls"


@pytest.mark.parametrize(
    "content",
    [
        "[",
        "{}x",
        "[1]",
        "5",
        '[{"type": "a.Pooling"}]',
        '[{"type": 1, "path": ""}]',
        '[{"type": "a.Pooling", "path": "../other"}]',
        '[{"type": "a.Pooling", "path": "/etc"}]',
        '[{"type": "a.Pooling", "path": null}]',
    ],
)
def test_damaged_modules(tmp_path: Path, content: str) -> None:
    (tmp_path / "modules.json").write_text(content)
    with pytest.raises(RefuseError, match=r"modules\.json is no list of modules"):
        pooling_of(tmp_path)


def test_damaged_pooling(tmp_path: Path) -> None:
    save_pooling(tmp_path)
    (tmp_path / "1_Pooling" / "config.json").write_text("[]")
    with pytest.raises(RefuseError, match="is not a JSON object"):
        pooling_of(tmp_path)
