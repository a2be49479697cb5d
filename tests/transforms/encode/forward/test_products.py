from __future__ import annotations

from typing import Any

import pytest

from isinglass.transforms.encode.forward import products
from isinglass.transforms.encode.forward.architecture import ACTIVATIONS
from isinglass.transforms.encode.forward.products import product, sum_product

torch = pytest.importorskip("torch")


def weights(precision: str) -> list[Any]:
    generator = torch.Generator().manual_seed(2)
    shapes = [(40, 24), (40,), (7, 24), (7, 40)]
    return [
        torch.randn(*shape, generator=generator).to(getattr(torch, precision))
        for shape in shapes
    ]


@pytest.mark.parametrize(
    ("precision", "tolerance"),
    [("float32", 1e-5), ("bfloat16", 2**-7), ("float16", 2**-10)],
)
@pytest.mark.parametrize("activation", ["", *ACTIVATIONS])
def test_product(precision: str, tolerance: float, activation: str) -> None:
    weight, bias, rows, other = weights(precision)
    expected = rows.double() @ weight.double().T + bias.double()
    summed = expected + other.double()
    kind, approximation = ACTIVATIONS.get(activation, ("", ""))
    if kind == "gelu":
        expected = torch.nn.functional.gelu(expected, approximate=approximation)
    elif kind == "relu":
        expected = expected.relu()
    got = product(weight, bias, activation)(rows)
    assert got.dtype == rows.dtype
    assert (got - expected).abs().max() <= tolerance * expected.abs().max()
    got = sum_product(weight, bias)(rows, other)
    # Where it is rounded twice, product and sum, the errors add up.
    assert (got - summed).abs().max() <= 2 * tolerance * summed.abs().max()


def test_unsound_kernel_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    weight, bias, rows, other = weights("float32")
    expected = product(weight, bias)(rows), sum_product(weight, bias)(rows, other)
    linear = torch.nn.functional.linear
    monkeypatch.setattr(
        products, "onednn_product", lambda *_: lambda x: linear(x, weight, bias) * 1.01
    )
    monkeypatch.setattr(
        products,
        "onednn_sum_product",
        lambda *_: lambda x, y: linear(x, weight, bias) + y + 0.01,
    )
    got = product(weight, bias)(rows), sum_product(weight, bias)(rows, other)
    for one, other_one in zip(got, expected, strict=True):
        assert (one - other_one).abs().max() < 1e-5


def test_kernel_that_raises_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    weight, bias, rows, other = weights("float32")
    monkeypatch.setattr(products, "onednn_product", lambda *_: fail)
    monkeypatch.setattr(products, "onednn_sum_product", lambda *_: fail)
    assert product(weight, bias)(rows).shape == (7, 40)
    assert sum_product(weight, bias)(rows, other).shape == (7, 40)


def test_rows_are_left_as_they_are() -> None:
    weight, bias, rows, other = weights("float32")
    before = rows.clone(), other.clone()
    sum_product(weight, bias)(rows, other)
    product(weight, bias, "gelu")(rows)
    assert torch.equal(rows, before[0])
    assert torch.equal(other, before[1])
