"""Which way of attention is chosen, and that each sees one document at a time."""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from isinglass.transforms.encode.forward import attention, bert
from isinglass.transforms.encode.forward.agreement import agree
from isinglass.transforms.encode.forward.attention import (
    ByLength,
    Varlen,
    choose_attention,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    from numpy.typing import NDArray
    from torch import Tensor

    from isinglass.transforms.encode.forward.attention import Kernel

torch = pytest.importorskip("torch")
CPU, CUDA = torch.device("cpu"), torch.device("cuda")
HEADS, WIDTH = 3, 24


def per_document(
    query: Tensor, key: Tensor, value: Tensor, starts: Tensor, longest: int
) -> Tensor:
    """What a kernel for different lengths does, one document after the other."""
    result = torch.full_like(query, float("nan"))
    edges = starts.tolist()
    assert starts.dtype == torch.int32
    assert longest == max(np.diff(edges))
    for start, stop in pairwise(edges):
        scores = torch.einsum("qhd,khd->hqk", query[start:stop], key[start:stop])
        shares = (scores.float() * query.shape[-1] ** -0.5).softmax(-1)
        result[start:stop] = torch.einsum(
            "hqk,khd->qhd", shares.to(value.dtype), value[start:stop]
        )
    return result


def public_signature(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    starts: Tensor,
    other_starts: Tensor,
    longest: int,
    other_longest: int,
) -> Tensor:
    assert torch.equal(starts, other_starts)
    assert longest == other_longest
    return per_document(query, key, value, starts, longest)


def private_signature(*given: Any) -> tuple[Tensor, None]:
    assert given[7:] == (0.0, False, False)
    return public_signature(*given[:7]), None


def shifted(*given: Any) -> Tensor:
    return per_document(*given) + 0.1


def leaky(
    query: Tensor, key: Tensor, value: Tensor, starts: Tensor, longest: int
) -> Tensor:
    """Sees the neighbours too."""
    whole = torch.tensor([0, len(query)], dtype=torch.int32)
    return per_document(query, key, value, whole, len(query) + 0 * longest)


def nothing(*given: Any) -> Tensor:
    return torch.full_like(given[0], float("nan"))


def missing(*_: Any) -> Tensor:
    raise NotImplementedError


def wrong_shape(*given: Any) -> Tensor:
    return per_document(*given)[:-1]


def agrees(fast: Varlen, precision: Any) -> bool:
    """Whether a kernel passes the test that it is put to, on the CPU."""
    tolerance = attention._SELF_TEST_TOLERANCE[precision]
    sample = attention._sample(WIDTH, precision, CPU)
    return agree(fast, ByLength(HEADS), tolerance, *sample)


@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize(
    ("kernel", "sound"),
    [
        (per_document, True),
        (shifted, False),
        (leaky, False),
        (nothing, False),
        (missing, False),
        (wrong_shape, False),
    ],
)
def test_self_test(kernel: Kernel, sound: bool, precision: Any) -> None:  # noqa: FBT001
    fast = Varlen(HEADS, kernel)
    assert agrees(fast, precision) is sound


def test_memory_that_ran_out_is_no_disagreement() -> None:
    def full(*_: Any) -> Tensor:
        raise torch.OutOfMemoryError

    with pytest.raises(torch.OutOfMemoryError):
        agrees(Varlen(HEADS, full), torch.float16)


@pytest.fixture
def as_if_on_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare on the CPU what is chosen for a GPU."""
    there = attention._sample

    def here(width: int, precision: Any, _: Any) -> Any:
        return there(width, precision, CPU)

    monkeypatch.setattr(attention, "_sample", here)


def install(monkeypatch: pytest.MonkeyPatch, **kernels: Kernel) -> None:
    monkeypatch.setattr(attention, "kernels", lambda: kernels)


@pytest.mark.parametrize(
    ("kernels", "name"),
    [
        ({"varlen": per_document, "flash": per_document}, "varlen"),
        ({"varlen": missing, "flash": per_document}, "flash"),
        ({"varlen": shifted, "flash": per_document}, "flash"),
        ({"flash": per_document}, "flash"),
        ({"varlen": missing, "flash": leaky}, "by_length"),
        ({}, "by_length"),
    ],
)
@pytest.mark.usefixtures("as_if_on_gpu")
def test_choice_on_a_gpu(
    monkeypatch: pytest.MonkeyPatch, kernels: dict[str, Kernel], name: str
) -> None:
    install(monkeypatch, **kernels)
    chosen, named = choose_attention(HEADS, WIDTH, torch.bfloat16, CUDA)
    assert named == name
    assert isinstance(chosen, ByLength if name == "by_length" else Varlen)


@pytest.mark.parametrize(
    ("heads", "width", "precision", "device"),
    [
        (HEADS, WIDTH, torch.bfloat16, CPU),
        (HEADS, WIDTH, torch.float32, CUDA),
        (4, 24, torch.bfloat16, CUDA),
        (1, 512, torch.bfloat16, CUDA),
    ],
)
@pytest.mark.usefixtures("as_if_on_gpu")
def test_where_no_other_kernel_is_tried(
    monkeypatch: pytest.MonkeyPatch,
    heads: int,
    width: int,
    precision: Any,
    device: Any,
) -> None:
    install(monkeypatch, varlen=per_document)
    assert choose_attention(heads, width, precision, device)[1] == "by_length"


def test_kernels_are_called_as_torch_wants(
    monkeypatch: pytest.MonkeyPatch, varlen_module: ModuleType
) -> None:
    varlen_module.varlen_attn = public_signature  # type: ignore[attr-defined]
    monkeypatch.setattr(
        torch.ops.aten, "_flash_attention_forward", private_signature, raising=False
    )
    found = attention.kernels()
    assert list(found) == ["varlen", "flash"]
    for kernel in found.values():
        fast = Varlen(HEADS, kernel)
        assert agrees(fast, torch.bfloat16)


def test_older_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.nn.attention.varlen", None)
    assert "varlen" not in attention.kernels()


@pytest.fixture
def varlen_module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = type(sys)("torch.nn.attention.varlen")
    monkeypatch.setitem(sys.modules, "torch.nn.attention.varlen", module)
    return module


def test_documents_see_themselves_alone(
    documents: Callable[..., list[NDArray[np.int32]]], make_batch: Callable[..., Any]
) -> None:
    batch = make_batch(documents(9, 5, 5, 1))
    generator = torch.Generator().manual_seed(4)
    mixed = torch.randn(20, 3 * WIDTH, generator=generator)
    plain, fast = ByLength(HEADS), Varlen(HEADS, per_document)
    before = plain(mixed, batch)
    assert (before - fast(mixed, batch)).abs().max() < 1e-5
    mixed[9:14] += 1.0
    after = plain(mixed, batch)
    changed = (before != after).any(1).nonzero()[:, 0].tolist()
    assert changed == [9, 10, 11, 12, 13]
    # A document of one token takes that token's value.
    assert torch.allclose(after[19], mixed[19, 2 * WIDTH :])


def test_a_model_with_a_kernel_for_different_lengths(
    save_model: Callable[..., Path],
    documents: Callable[..., list[NDArray[np.int32]]],
    run: Callable[..., NDArray[np.float32]],
    reference: Callable[..., NDArray[np.float32]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, texts = save_model("Bert"), documents(20, 9, 9, 1)
    calls = []

    def counted(*given: Any) -> Tensor:
        calls.append(given)
        return per_document(*given)

    monkeypatch.setattr(
        bert, "choose_attention", lambda *_: (Varlen(HEADS, counted), "varlen")
    )
    assert np.abs(run(folder, texts) - reference(folder, texts)).max() < 5e-6
    assert len(calls) == 2  # one for each layer, none for each document


@pytest.mark.parametrize("length", [63, 64, 100, 255, 256, 257])
@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_by_length_in_every_precision(
    documents: Callable[..., list[NDArray[np.int32]]],
    make_batch: Callable[..., Any],
    length: int,
    precision: str,
) -> None:
    """Whatever steps it is computed in; 9 documents are more than one step's."""
    batch = make_batch(documents(300, *[length] * 9, 3))
    generator = torch.Generator().manual_seed(4)
    mixed = torch.randn(303 + 9 * length, 3 * WIDTH, generator=generator)
    half = mixed.to(getattr(torch, precision))
    wide = half.float()
    expected = Varlen(HEADS, per_document)(wide, batch)
    got = ByLength(HEADS)(half, batch)
    assert got.dtype == half.dtype
    tolerance = {"float32": 1e-5, "bfloat16": 2**-5, "float16": 2**-9}[precision]
    assert (got - expected).abs().max() <= tolerance
