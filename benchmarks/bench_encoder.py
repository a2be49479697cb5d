"""CPU seconds of tokenising and encoding, against sentence-transformers, same run.

Both sides turn the same texts into normalised vectors of the packaged MiniLM at the
same maximum length, in this process and on one thread, in turns:

    python benchmarks/bench_encoder.py [FOLDER] [DOCUMENTS] [MAX_TOKENS]
"""

from __future__ import annotations

import hashlib
import os
import resource
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from isinglass.transforms.encode.encoder import configure_threads, load_encoder
from isinglass.transforms.encode.models import model_folder
from isinglass.transforms.encode.settings import EncodeSettings
from isinglass.transforms.encode.tokenizers.batch import cut
from isinglass.transforms.encode.tokenizers.reference import load_tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable

    from isinglass.transforms.encode.tokenizers.reference import Tokenizer

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "corpus"
DOCUMENTS = 300
MAX_TOKENS = 256
ROUNDS = 3


def read_texts(folder: Path, documents: int) -> pa.StringArray:
    """Evenly spaced texts of all Parquet files of a folder."""
    tables = [pq.read_table(f, columns=["text"]) for f in sorted(folder.glob("*.par*"))]
    texts = pa.concat_tables(tables)["text"].combine_chunks().cast(pa.string())
    return texts.take(pa.array(np.linspace(0, len(texts) - 1, documents).astype(int)))


def seconds(call: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of a call, and its result."""
    start = time.process_time()
    result = call()
    return time.process_time() - start, result


def memory() -> float:
    """Peak resident MB of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def report_tokenizer(tokenizer: Tokenizer, texts: pa.StringArray) -> None:
    """Print the rate at which whole texts become ids."""
    spent = min(seconds(partial(tokenizer.encode, texts))[0] for _ in range(ROUNDS))
    print(f"tokenizer alone, whole texts: {texts.nbytes / spent / 1e6:.2f} MB/s")


def main() -> None:
    """Measure both in turns and print the best round of each."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    documents = int(sys.argv[2]) if len(sys.argv) > 2 else DOCUMENTS  # noqa: PLR2004
    limit = int(sys.argv[3]) if len(sys.argv) > 3 else MAX_TOKENS  # noqa: PLR2004
    if not any(folder.glob("*.parquet")):
        print(f"no Parquet files in {folder}; name a folder that has some")
        return
    texts = read_texts(folder, documents)
    strings = texts.to_pylist()
    config = EncodeSettings(max_tokens=limit)
    configure_threads(1)
    tokenizer, encoder = load_tokenizer(config), load_encoder(config)
    tokens = int(cut(tokenizer.encode(texts), limit).offsets[-1])
    print(
        f"{documents} texts, {texts.nbytes / 1e6:.2f} MB, {tokens:,} tokens <= {limit}"
    )
    ours: list[float] = []
    vectors = encoder.encode(tokenizer.encode(texts))
    own_memory = memory()

    from sentence_transformers import SentenceTransformer  # noqa: PLC0415

    other = SentenceTransformer(str(model_folder(config)), device="cpu")
    other.max_seq_length = limit
    encode = partial(other.encode, strings, normalize_embeddings=True)
    theirs: list[float] = []
    for _ in range(ROUNDS):
        spent, reference = seconds(partial(encode, show_progress_bar=False))
        theirs.append(spent)
        spent, vectors = seconds(lambda: encoder.encode(tokenizer.encode(texts)))
        ours.append(spent)
    for name, spent in (
        ("sentence-transformers", min(theirs)),
        ("isinglass", min(ours)),
    ):
        print(
            f"{name:>22} {spent:7.2f} CPU s {documents / spent:7.1f} docs/s "
            f"{tokens / spent:9,.0f} tokens/s"
        )
    print(f"ratio {min(theirs) / min(ours):.2f}")
    print(f"max abs difference {np.abs(vectors - reference).max():.2e}")
    print(
        f"peak memory: {own_memory:.0f} MB, with sentence-transformers {memory():.0f}"
    )
    print(f"sha256 of our vectors {hashlib.sha256(vectors.tobytes()).hexdigest()[:16]}")
    report_tokenizer(tokenizer, texts)


if __name__ == "__main__":
    main()
