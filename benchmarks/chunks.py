"""What pages that are cut by content cost, and what stores that share chunks save.

Files of `data/` are written as a run writes them, and with pages of a fixed size. Then
documents are changed, the file is written again, and it is told which share of its
bytes a store needs not take again that cuts files by content, as Xet, the store of the
Hugging Face hub, does: at 8 to 128 KiB, about 64, by a gear hash. Run:

    python benchmarks/chunks.py RUN
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numba
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from isinglass.pipelines.clean import DICTIONARY, PUBLISHED
from isinglass.transforms.write import ZSTD, Storage, TableWriter

if TYPE_CHECKING:
    from collections.abc import Callable

WAYS = {"fixed": ZSTD, "by content": PUBLISHED}
LEAST, MOST, MASK = 8 * 2**10, 128 * 2**10, np.uint64(0xFFFF << 48)
GEAR = np.random.default_rng(0).integers(0, 2**64, 256, dtype=np.uint64)
BATCH_ROWS = 1_000
ROUNDS = 7


def write(table: pa.Table, storage: Storage, path: Path) -> float:
    """Write a table as the clean pass does; returns CPU seconds."""
    batches = table.combine_chunks().to_batches(max_chunksize=BATCH_ROWS)
    started = time.process_time()
    columns = tuple(name for name in DICTIONARY if name in table.schema.names)
    writer = TableWriter(path, table.schema, columns, storage)
    for batch in batches:
        writer.write(batch)
    writer.finish()
    return time.process_time() - started


@numba.njit  # type: ignore[untyped-decorator]
def borders(data: np.ndarray, gear: np.ndarray, mask: np.uint64) -> list[int]:
    """Where chunks of some bytes end."""
    found, begin, rolling = [], 0, np.uint64(0)
    for place in range(len(data)):
        rolling = (rolling << np.uint64(1)) + gear[data[place]]
        length = place + 1 - begin
        if length >= MOST or (length >= LEAST and (rolling & mask) == 0):
            found.append(place + 1)
            begin, rolling = place + 1, np.uint64(0)
    found.append(len(data))
    return found


def chunks(path: Path) -> dict[bytes, int]:
    """Bytes of each chunk of a file, by its hash."""
    data = path.read_bytes()
    ends = borders(np.frombuffer(data, np.uint8), GEAR, MASK)
    pieces = [data[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    return {hashlib.sha256(piece).digest(): len(piece) for piece in pieces}


def edited(table: pa.Table, share: float) -> pa.Table:
    """A share of the texts with a word more, here and there."""
    chance = np.random.default_rng(1)
    hit = pa.array(chance.random(table.num_rows) < share)
    longer = pc.binary_join_element_wise(table["text"], " more", "")
    texts = pc.if_else(hit, longer, table["text"])
    return table.set_column(2, table.schema.field("text"), texts)


def without(table: pa.Table, number: int) -> pa.Table:
    """The table without some of its documents, here and there."""
    chance = np.random.default_rng(1)
    stay = np.ones(table.num_rows, np.bool_)
    stay[chance.choice(table.num_rows, number, replace=False)] = False
    return table.filter(pa.array(stay))


def inserted(table: pa.Table, more: pa.Table) -> pa.Table:
    """Documents of another file in one place."""
    third = table.num_rows // 3
    return pa.concat_tables([table.slice(0, third), more, table.slice(third)])


def main() -> None:
    """Print two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    given = parser.parse_args()
    tables = [pq.read_table(path) for path in sorted((given.run / "data").iterdir())]
    first, *_, last = tables
    changes: dict[str, Callable[[pa.Table], pa.Table]] = {
        "1 document less": lambda table: without(table, 1),
        "5 documents less": lambda table: without(table, 5),
        "1 % of documents more, in one place": lambda table: inserted(
            table, last.slice(0, table.num_rows // 100)
        ),
        "0.1 % of documents edited": lambda table: edited(table, 0.001),
        "1 % of documents edited": lambda table: edited(table, 0.01),
    }
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "x.parquet"
        print("| pages | CPU s to write | bytes |\n|---|--:|--:|")
        costs: dict[str, list[float]] = {way: [] for way in WAYS}
        size = dict.fromkeys(WAYS, 0)
        for _ in range(ROUNDS):
            for way, storage in WAYS.items():
                seconds, size[way] = 0.0, 0
                for table in tables:
                    seconds += write(table, storage, path)
                    size[way] += path.stat().st_size
                costs[way].append(seconds)
        for way in WAYS:
            print(f"| {way} | {statistics.median(costs[way]):.3f} | {size[way]:,} |")
        print(f"\n| change | {' | '.join(WAYS)} |\n|---|{'--:|' * len(WAYS)}")
        for name, change in changes.items():
            shares = []
            for storage in WAYS.values():
                write(first, storage, path)
                held = chunks(path)
                write(change(first), storage, path)
                now = chunks(path)
                same = sum(size for key, size in now.items() if key in held)
                shares.append(f"{same / sum(now.values()):.0%}")
            print(f"| {name} | {' | '.join(shares)} |")


if __name__ == "__main__":
    main()
