"""Near-duplicates by datasketch and by datatrove, for benchmarks/dedup.py.

Run by the interpreter that has the peers installed (`make bench-peers`); it needs
nothing of isinglass. The question is a JSON object on stdin, the answer one on stdout:
CPU seconds of the job proper, without imports and without a warm-up on a few texts.
"""

from __future__ import annotations

import json
import re
import resource
import struct
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

NGRAM, BANDS, ROWS = 5, 25, 5
WORD = re.compile(r"\w+")
WARM_UP = 50


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _read(folder: str) -> list[str]:
    import pyarrow.parquet as pq  # noqa: PLC0415

    texts: list[str] = []
    for file in sorted(Path(folder).glob("*.parquet")):
        texts += pq.read_table(file, columns=["text"])["text"].to_pylist()
    return texts


def _shingles(text: str) -> set[bytes]:
    words = [word.encode() for word in WORD.findall(text.lower())]
    count = len(words) - NGRAM + 1
    return {b" ".join(words[at : at + NGRAM]) for at in range(count)}


def datasketch(folder: str, hash: str = "sha1") -> dict[str, Any]:  # noqa: A002
    """MinHash.generator and MinHashLSH: a text goes that an earlier kept one matches.

    Args:
        folder: Folder of Parquet files.
        hash: `sha1`, datasketch's default, or `xxh32`, which is faster.
    """
    import xxhash  # noqa: PLC0415
    from datasketch import MinHash, MinHashLSH  # noqa: PLC0415
    from datasketch.hashfunc import sha1_hash32  # noqa: PLC0415

    hashes = {"sha1": sha1_hash32, "xxh32": xxhash.xxh32_intdigest}

    def deduplicate(texts: list[str]) -> tuple[list[Any], float]:
        index = MinHashLSH(num_perm=BANDS * ROWS, params=(BANDS, ROWS))
        sets = map(_shingles, texts)
        sketches = MinHash.generator(sets, num_perm=BANDS * ROWS, hashfunc=hashes[hash])
        signing = 0.0
        removed: list[Any] = []
        last = time.process_time()
        for number, sketch in enumerate(sketches):
            signing += time.process_time() - last
            # A text too short for a shingle has no signature.
            if not sketch.is_empty():
                matches = index.query(sketch)
                if matches:
                    removed.append([number, sorted(matches)])
                else:
                    index.insert(number, sketch, check_duplication=False)
            last = time.process_time()
        return removed, signing

    deduplicate([f"{number} a b c d e f" for number in range(WARM_UP)])
    began = _cpu()
    removed, signing = deduplicate(_read(folder))
    return {"removed": removed, "cpu": _cpu() - began, "signing": signing}


def datatrove(folder: str) -> dict[str, Any]:
    r"""The four stages of datatrove's MinHash deduplication, one task each.

    Numbers and diacritics are not folded, so that its words are as near to `\w+` of
    the lower-cased text as its settings allow.
    """
    from datatrove.utils.logging import logger  # noqa: PLC0415

    logger.remove()
    with tempfile.TemporaryDirectory() as work:
        warm = Path(work) / "warm"
        warm.mkdir()
        _write_few(warm)
        _stages(str(warm), Path(work) / "warm-up")
        began = _cpu()
        _stages(folder, Path(work) / "job")
        spent = _cpu() - began
        removed = _clusters(Path(work) / "job" / "removals")
    return {"removed": removed, "cpu": spent}


def _write_few(folder: Path) -> None:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    texts = [f"{number} a b c d e f" for number in range(WARM_UP)] * 2
    ids = [str(number) for number in range(len(texts))]
    pq.write_table(pa.table({"id": ids, "text": texts}), folder / "a.parquet")


def _stages(folder: str, work: Path) -> None:
    from datatrove.executor import LocalPipelineExecutor  # noqa: PLC0415
    from datatrove.pipeline.dedup import (  # noqa: PLC0415
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.dedup.minhash import (  # noqa: PLC0415
        MinhashConfig,
        MinhashDedupBuckets,
    )
    from datatrove.pipeline.readers import ParquetReader  # noqa: PLC0415
    from datatrove.pipeline.writers import ParquetWriter  # noqa: PLC0415
    from datatrove.utils.text import TextNormConfig  # noqa: PLC0415

    config = MinhashConfig(
        n_grams=NGRAM,
        num_buckets=BANDS,
        hashes_per_bucket=ROWS,
        norm_config=TextNormConfig(norm_numbers=False, norm_unicode_diacritics=False),
    )
    signatures, pairs, removals = (
        str(work / name) for name in ("signatures", "pairs", "removals")
    )
    reader = ParquetReader(folder, text_key="text", id_key="id")
    steps = [
        (1, [reader, MinhashDedupSignature(signatures, config=config)]),
        (BANDS, [MinhashDedupBuckets(signatures, pairs, config=config)]),
        (
            1,
            [MinhashDedupCluster(pairs, removals, config=config, save_cluster_id=True)],
        ),
        (
            1,
            [reader, MinhashDedupFilter(removals), ParquetWriter(str(work / "kept"))],
        ),
    ]
    for number, (tasks, pipeline) in enumerate(steps):
        LocalPipelineExecutor(
            pipeline=pipeline,
            tasks=tasks,
            workers=1,
            logging_dir=str(work / f"logs-{number}"),
        ).run()


def _pairs(path: Path) -> Iterator[tuple[int, int]]:
    yield from struct.iter_unpack("<2I", path.read_bytes())


def _clusters(folder: Path) -> list[Any]:
    """Each removed text with the one that stays of its cluster."""
    path = folder / "000000.remove"
    if not path.exists():
        return []
    gone = {number for (number,) in struct.iter_unpack("<I", path.read_bytes())}
    cluster_of = dict(_pairs(folder / "000000.clusters"))
    kept = {c: n for n, c in cluster_of.items() if n not in gone}
    return [[number, [kept[cluster_of[number]]]] for number in sorted(gone)]


def main() -> None:
    """Answer `{"peer": name, "folder": Parquet folder, ...}`."""
    question = json.load(sys.stdin)
    name = question.pop("peer")
    answer = {"datasketch": datasketch, "datatrove": datatrove}[name](**question)
    print(json.dumps({"version": version(name), **answer}))


if __name__ == "__main__":
    main()
