from __future__ import annotations

import pytest
import torch

from benchmarks.vectors.arithmetic import (
    Shape,
    matrix_rate,
    read_shape,
)


@pytest.mark.parametrize(
    ("shape", "length", "millions"),
    [
        # By hand: layers x (8 d^2 + 4 d f + 4 s d) a token.
        (Shape(6, 384, 1536), 128, 22.413312),
        (Shape(6, 384, 1536), 512, 25.952256),
        (Shape(12, 768, 3072), 256, 179.306496),
        (Shape(24, 1024, 4096), 512, 654.311424),
    ],
)
def test_operations_of_known_models(shape: Shape, length: int, millions: float) -> None:
    documents = 3
    work = shape.operations(documents * length, documents * length**2)
    assert work / (documents * length) == pytest.approx(millions * 1e6)


def test_lengths_count_each_for_itself() -> None:
    shape = Shape(1, 2, 8)
    assert shape.operations(4, 16) - shape.operations(4, 8) == 4 * 2 * 8


@pytest.mark.parametrize(
    ("settings", "shape"),
    [
        (
            {"num_hidden_layers": 2, "hidden_size": 8, "intermediate_size": 32},
            Shape(2, 8, 32),
        ),
        ({"num_hidden_layers": 2, "hidden_size": 8}, None),
        ({"n_layers": 6, "dim": 768, "hidden_dim": 3072}, None),
    ],
)
def test_shape_is_read(settings: dict[str, int], shape: Shape | None) -> None:
    assert read_shape(settings) == shape


def test_matrix_rate_is_that_of_a_processor() -> None:
    assert 1e8 < matrix_rate(torch.device("cpu"), "float32") < 1e14
