from __future__ import annotations

import pytest

from isinglass.schemas.errors import ConfigError
from isinglass.transforms.encode.encoder.device import (
    choose_device,
    choose_precision,
    configure_threads,
)

torch = pytest.importorskip("torch")


@pytest.mark.parametrize(
    ("choice", "count", "expected"),
    [
        ("cpu", 0, "cpu"),
        ("cpu", 2, "cpu"),
        ("auto", 0, "cpu"),
        ("auto", 2, "cuda:0"),
        ("cuda", 2, "cuda:0"),
        ("cuda:0", 1, "cuda:0"),
        ("cuda:1", 2, "cuda:1"),
        ("cuda:11", 12, "cuda:11"),
    ],
)
def test_device(
    monkeypatch: pytest.MonkeyPatch, choice: str, count: int, expected: str
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: count > 0)
    monkeypatch.setattr("torch.cuda.device_count", lambda: count)
    assert str(choose_device(choice)) == expected


@pytest.mark.parametrize(
    ("choice", "count", "message"),
    [
        ("cuda", 0, "sees no CUDA device"),
        ("cuda:0", 0, "sees no CUDA device"),
        ("cuda:1", 1, "sees 1 CUDA devices, numbered from 0. Set it to cuda:0"),
        ("cuda:", 1, "Set it to auto, cpu, cuda or cuda:N"),
        ("cuda:-1", 1, "Set it to auto, cpu, cuda or cuda:N"),
        ("cuda:1 ", 2, "Set it to auto, cpu, cuda or cuda:N"),
        ("gpu", 0, "Set it to auto, cpu, cuda or cuda:N"),
        ("CPU", 1, "Set it to auto, cpu, cuda or cuda:N"),
        ("", 1, "Set it to auto, cpu, cuda or cuda:N"),
    ],
)
def test_device_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, choice: str, count: int, message: str
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: count > 0)
    monkeypatch.setattr("torch.cuda.device_count", lambda: count)
    with pytest.raises(ConfigError) as caught:
        choose_device(choice)
    assert f"encode.device is {choice!r}" in str(caught.value)
    assert message in str(caught.value)


def test_precision() -> None:
    assert choose_precision("auto", torch.device("cpu")) == "float32"
    assert choose_precision("auto", torch.device("cuda:1")) == "bfloat16"
    assert choose_precision("float16", torch.device("cpu")) == "float16"


def test_threads_are_set_on_request() -> None:
    before = torch.get_num_threads()
    try:
        configure_threads(2)
        assert torch.get_num_threads() == 2
    finally:
        configure_threads(before)
