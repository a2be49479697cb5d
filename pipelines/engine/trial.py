"""Reading files in a process of its own, to learn which one ends it.

The driver starts this module. It tells the number of each piece before it reads it, so
that the last number is that of the piece that it died of.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from isinglass.pipelines.engine.deaths import signal_name
from isinglass.schemas.documents import Layout, Piece, Shard
from isinglass.transforms.read import read_shard

_COMMAND = (sys.executable, "-m", "isinglass.pipelines.engine.trial")


def deadly_pieces(shard: Shard, layout: Layout) -> Iterator[tuple[Piece, str]]:
    """The pieces whose reading ends a process, each with the name of the signal."""
    left = list(shard.pieces)
    while left:
        request = pickle.dumps((replace(shard, pieces=tuple(left)), layout))
        done = subprocess.run(  # noqa: S603 - ours
            _COMMAND, input=request, capture_output=True, check=False
        )
        numbers = done.stdout.split()
        if done.returncode >= 0 or not numbers:
            return
        last = int(numbers[-1])
        yield left[last], signal_name(done.returncode)
        del left[: last + 1]


def main() -> None:
    """Read what the driver asks for; errors that are raised are no matter here."""
    shard, layout = pickle.load(sys.stdin.buffer)  # noqa: S301 - of our own driver
    for number, piece in enumerate(shard.pieces):
        print(number, flush=True)  # noqa: T201
        with suppress(Exception):
            for _ in read_shard(replace(shard, pieces=(piece,)), layout):
                pass


if __name__ == "__main__":
    main()
