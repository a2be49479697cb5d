"""Vectors that were kept are not made again, and are the same."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from pathlib import Path

import numpy as np
import pytest

from isinglass.pipelines.engine import parts as module
from isinglass.pipelines.engine.parts import Parts
from isinglass.pipelines.engine.workspace import Workspace
from isinglass.pipelines.stages.encode.kept import KeptEncoder, from_batch, to_batch
from isinglass.transforms.encode.encoder.window import Encoded
from isinglass.transforms.encode.tokenizers.batch import TokenBatch, offsets_of


def window(number: int) -> TokenBatch:
    lengths = np.array([2, 1], np.int64)
    ids = np.full(3, number, np.int32)
    return TokenBatch(ids, offsets_of(lengths))


class Counting:
    """Gives the ids as vectors, and tells which windows it was shown."""

    max_tokens = 8

    def __init__(self) -> None:
        self.seen: list[int] = []

    def run(
        self, windows: Iterable[TokenBatch], *, hidden: bool = False
    ) -> Generator[Encoded, None, None]:
        for tokens in windows:
            self.seen.append(int(tokens.values[0]))
            vectors = np.full((2, 4), self.seen[-1], np.float32)
            states = np.full((3, 4), self.seen[-1], np.float16) if hidden else None
            yield Encoded(vectors, tokens.offsets, states)


@pytest.mark.parametrize("hidden", [False, True])
def test_a_stopped_shard_goes_on_behind_its_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, hidden: bool
) -> None:
    monkeypatch.setattr(module, "KEEP_SECONDS", 0.0)
    workspace = Workspace(str(tmp_path))
    workspace.pass_folder("encode").mkdir(parents=True)

    def parts() -> Parts:
        return Parts(workspace, "encode", "a-0", "f")

    windows = list(map(window, range(4)))
    first, second = Counting(), Counting()
    stopped = KeptEncoder(first, parts()).run(iter(windows), hidden=hidden)
    before = [next(stopped), next(stopped)]
    stopped.close()
    after = list(KeptEncoder(second, parts()).run(iter(windows), hidden=hidden))
    assert (first.seen, second.seen) == ([0, 1], [2, 3])
    assert [float(one.vectors[0, 0]) for one in after] == [0, 1, 2, 3]
    for made, kept in zip(before, after, strict=False):
        assert np.array_equal(made.vectors, kept.vectors)
        assert np.array_equal(made.offsets, kept.offsets)
        assert (kept.hidden is not None) == hidden
        if made.hidden is not None and kept.hidden is not None:
            assert np.array_equal(made.hidden, kept.hidden)


@pytest.mark.parametrize("documents", [0, 1])
def test_a_window_of_few_documents_keeps_its_shape(documents: int) -> None:
    lengths = np.zeros(documents, np.int64)
    made = Encoded(np.ones((documents, 5), np.float32), offsets_of(lengths))
    back = from_batch(to_batch(made))
    assert back.vectors.shape == (documents, 5)
    assert back.vectors.dtype == np.float32
    assert np.array_equal(back.offsets, made.offsets)
