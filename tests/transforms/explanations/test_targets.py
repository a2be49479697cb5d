from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from isinglass.schemas.errors import ConfigError
from isinglass.transforms.explanations.targets import (
    PENALTY,
    Target,
    fit_probe,
    ranked_right,
    read_head,
)

if TYPE_CHECKING:
    from pathlib import Path

VECTORS = np.array([[3.0, 4.0], [0.0, -2.0], [0.0, 0.0]], np.float32)
WEIGHT = np.array([0.0, 0.5], np.float32)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("logit", [2.25, -0.75, 0.25]), ("cosine", [1.05, -0.75, 0.25])],
)
def test_numbers_are_the_same_stored_and_derived(
    kind: Any, expected: list[float]
) -> None:
    target = Target("a number", kind, WEIGHT, 0.25)
    assert target.numbers(VECTORS) == pytest.approx(expected)
    assert target.score(torch.from_numpy(VECTORS)).tolist() == pytest.approx(expected)


def saved(path: Path, **arrays: Any) -> Path:
    held: dict[str, Any] = {
        name.replace("__", "."): np.asarray(one) for name, one in arrays.items()
    }
    if path.suffix == ".npz":
        np.savez(path, **held)
    else:
        save_file(held, path)
    return path


@pytest.mark.parametrize("name", ["head.npz", "head.safetensors"])
def test_a_head_is_a_weight_and_a_bias(tmp_path: Path, name: str) -> None:
    path = saved(
        tmp_path / name,
        weight=np.array([[1, 2], [3, 4]], np.float32),
        bias=np.array([5, 6], np.float32),
    )
    weight, bias = read_head(path, 1, 2)
    assert (weight.tolist(), bias) == ([3, 4], 6)
    assert weight.dtype == np.float32


def test_a_head_may_lack_a_bias_and_have_the_name_of_its_layer(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", classifier__weight=[1.0, 2.0])
    weight, bias = read_head(path, None, 2)
    assert (weight.tolist(), bias) == ([1, 2], 0.0)


@pytest.mark.parametrize(
    ("arrays", "row", "said"),
    [
        ({"weight": [[1.0, 2.0, 3.0]]}, None, "takes vectors of 3 values"),
        ({"kernel": [1.0, 2.0]}, None, "holds kernel: a head is one linear layer"),
        ({}, None, "holds nothing"),
        ({"a__weight": [1.0, 2.0], "b__weight": [1.0, 2.0]}, None, "one linear layer"),
        ({"weight": [[1.0, 2.0], [3.0, 4.0]]}, None, "has 2 outputs. Say which"),
        ({"weight": [[1.0, 2.0]]}, 1, "has 1 outputs and no 1"),
        ({"weight": [[1.0, np.nan]]}, None, "not finite"),
        ({"weight": [1.0, 2.0], "bias": [0.0, 0.0]}, None, "the bias (2,)"),
        ({"weight": [[[1.0, 2.0]]]}, None, "has the shape (1, 1, 2)"),
        ({"weight": [True, False]}, None, "are no numbers"),
        ({"weight": ["a", "b"]}, None, "are no numbers"),
        ({"weight": [{}, {}]}, None, "pickled objects"),
    ],
)
def test_what_is_no_head_of_this_encoder_is_refused(
    tmp_path: Path, arrays: dict[str, Any], row: int | None, said: str
) -> None:
    path = saved(tmp_path / "head.npz", **arrays)
    with pytest.raises(ConfigError) as caught:
        read_head(path, row, 2)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", ["none.npz", "none.safetensors", "head.bin"])
def test_a_file_that_is_not_there_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        read_head(tmp_path / name, None, 2)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    for name in ("a.npz", "a.safetensors"):
        (tmp_path / name).write_bytes(b"PK\x03\x04 and no more")
        with pytest.raises(ConfigError, match="cannot be read"):
            read_head(tmp_path / name, None, 2)


def test_a_probe_is_the_optimum_of_its_loss() -> None:
    chance = np.random.default_rng(2)
    vectors = chance.normal(size=(300, 5)).astype(np.float32)
    labels = vectors @ np.array([2, -1, 0, 0, 1]) + chance.normal(size=300) > 0.5
    weight, bias = fit_probe(vectors, labels)
    rest = 1 / (1 + np.exp(-(vectors @ weight + bias))) - labels
    assert np.abs(vectors.T @ rest + PENALTY * weight).max() < 1e-3
    assert abs(rest.sum()) < 1e-3


def test_a_probe_of_what_can_be_parted_stays_finite() -> None:
    vectors = np.array([[1.0], [2.0], [-1.0], [-2.0]], np.float32)
    weight, bias = fit_probe(vectors, np.array([True, True, False, False]))
    assert weight[0] > 0
    assert np.isfinite(weight).all()
    assert abs(bias) < 1e-6


@pytest.mark.parametrize(
    ("numbers", "labels", "expected"),
    [
        ([1, 2, 3, 4], [0, 0, 1, 1], 1.0),
        ([4, 3, 2, 1], [0, 0, 1, 1], 0.0),
        ([1, 1, 1, 1], [0, 1, 0, 1], 0.5),
        ([1, 2, 2, 3], [0, 0, 1, 1], 0.875),
    ],
)
def test_share_of_pairs_in_order(
    numbers: list[float], labels: list[int], expected: float
) -> None:
    found = ranked_right(np.array(numbers, np.float64), np.array(labels, np.bool_))
    assert found == expected
