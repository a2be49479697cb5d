"""The whole job beside the chain that people build of other tools.

    python benchmarks/chain.py --peers build/peers/bin/python

Both deduplicate, replace personal data and, of the small corpus, encode the documents
that stay. The chain: datatrove's MinHash stages, stock Presidio (all
texts as English), sentence-transformers. Ours is one `isinglass run` with default
settings, so that it also detects languages, plants values to measure what it misses,
scans a second time and writes its books; none of that is in the chain.

CPU seconds are of whole processes, from their start. Presidio is too slow for the
large corpus: there it gets a sample, and its work, without the start, is scaled by
bytes. Interpreters with the peers: `make bench-peers`.
"""

from __future__ import annotations

import argparse
import atexit
import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import pyarrow as pa

from benchmarks.deduplication.corpus import (
    first_texts,
    read_texts,
    text_megabytes,
    write_texts,
)
from benchmarks.measuring.processes import (
    BUILD,
    RESULTS,
    ROOT,
    Target,
    print_targets,
    run_process,
    table,
)

CORPUS = ROOT / ".." / "shared" / "data" / "corpus"
SMALL_MB, SAMPLE_MB = 1.8, 0.5
"""Text of the small job, and what Presidio gets of the large one."""
SEED = 7
MAX_TOKENS = 256
DEDUP_PEER = Path(__file__).parent / "deduplication" / "peers.py"

NAMES, ALONE, IDENTIFIERS = "names", "names, model alone", "identifiers"
JOBS: dict[str, dict[str, Any]] = {
    NAMES: {"pii": {}},
    ALONE: {"pii": {"confirm_names": False}},
    IDENTIFIERS: {"pii": {"mode": "identifiers"}},
}
VECTORS = {"encode": {"max_tokens": MAX_TOKENS, "windows": "truncate"}}
ASKED = {(False, True): 5.0, (True, False): 10.0}
"""Least ratio by whether the corpus is large and whether documents are encoded."""


def redact_by_presidio(texts: list[str]) -> None:
    """Stock Presidio; what it finds is replaced here, which costs next to nothing."""
    from benchmarks.detection.peers import build_stock  # noqa: PLC0415

    analyzer = build_stock()
    analyzer.analyze("To warm up.", language="en")
    began = time.process_time()
    for text in texts:
        redacted = text
        found = analyzer.analyze(text, language="en")
        for finding in sorted(found, key=lambda each: -each.start):
            name = f"<{finding.entity_type}>"
            redacted = redacted[: finding.start] + name + redacted[finding.end :]
    print(json.dumps({"work": time.process_time() - began}))


def encode_by_sentence_transformers(texts: list[str]) -> None:
    """MiniLM over the first tokens of each text."""
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415

    from isinglass.schemas.config.encode import EncodeConfig  # noqa: PLC0415
    from isinglass.transforms.encode.models.find import model_folder  # noqa: PLC0415

    model = SentenceTransformer(str(model_folder(EncodeConfig())), device="cpu")
    model.max_seq_length = MAX_TOKENS
    model.encode(["To warm up."])
    began = time.process_time()
    model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
    print(json.dumps({"work": time.process_time() - began}))


def answer_as_peer(name: str, folder: Path) -> None:
    """One stage of the chain, in a process of its own."""
    stages = {
        "presidio": redact_by_presidio,
        "sentence-transformers": encode_by_sentence_transformers,
    }
    stages[name](read_texts(folder).to_pylist())


def run_chain(peers: str, folder: Path, sample: Path | None) -> dict[str, float]:
    """CPU seconds of each stage.

    Args:
        peers: Interpreter that has datatrove.
        folder: The corpus.
        sample: What Presidio gets of a large corpus; None gives it all, and the
            encoder, too.
    """
    question = {"peer": "datatrove", "folder": str(folder)}
    spent = {"datatrove": run_process([peers, str(DEDUP_PEER)], question).cpu}
    size = text_megabytes(read_texts(folder))
    given = sample or folder
    factor = size / text_megabytes(read_texts(given))
    # Vectors of the large corpus are not compared.
    names = ["presidio"] if sample else ["presidio", "sentence-transformers"]
    for name in names:
        command = [sys.executable, str(Path(__file__)), "--stage", name, str(given)]
        usage = run_process(command)
        work = float(usage.answer["work"])
        spent[name] = usage.cpu - work + work * factor
    return spent


def run_ours(folder: Path, sections: dict[str, Any]) -> float:
    """CPU seconds of one job as it is started from a command line."""
    file = BUILD / "job.yaml"
    settings = {
        "inputs": [{"path": str(folder), "source": "corpus"}],
        "output": str(BUILD / "run"),
        "dedup": {},
        "limits": {"max_quarantine_rate": 1.0},
        **sections,
    }
    # YAML reads JSON.
    file.write_text(json.dumps(settings))
    command = [sys.executable, "-m", "isinglass", "run", "-c", str(file), "--replace"]
    return run_process([*command, "--format", "json"]).cpu


def measure(peers: str, texts: pa.StringArray, *, large: bool) -> list[Target]:
    """Print the table of one corpus."""
    folder = write_texts(texts, BUILD / "texts")
    sample = None
    if large:
        sample = write_texts(first_texts(texts, SAMPLE_MB), BUILD / "sample")
    chain = run_chain(peers, folder, sample)
    size = text_megabytes(texts)
    print(f"\n{size:.1f} MB of text. The chain, CPU s:", end=" ")
    print(", ".join(f"{name} {cpu:.1f}" for name, cpu in chain.items()))
    rows, targets = [], []
    # Of the large corpus, vectors would take the better part of an hour a job.
    for encoded in (False,) if large else (False, True):
        left_out = () if encoded else ("sentence-transformers",)
        theirs = sum(cpu for name, cpu in chain.items() if name not in left_out)
        for name, sections in JOBS.items():
            ours = run_ours(folder, {**sections, **(VECTORS if encoded else {})})
            what = f"{size:.1f} MB, {name}{', vectors' if encoded else ''}"
            ratio = theirs / ours
            rows.append((what, f"{theirs:.1f}", f"{ours:.1f}", f"{ratio:.1f}"))
            asked = ASKED.get((large, encoded))
            if asked and name == NAMES:
                reached = ratio >= asked
                targets.append(
                    Target(what, f">= {asked:g}", f"{ratio:.1f}", reached=reached)
                )
    print(table(("job", "chain, CPU s", "isinglass, CPU s", "ratio"), rows), flush=True)
    return targets


def main() -> None:
    """Measure both corpora."""
    parser = argparse.ArgumentParser(description="Whole jobs beside a chain of peers.")
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--peers", default=str(RESULTS.parent / "peers/bin/python"))
    parser.add_argument("--small", action="store_true", help="the small corpus alone")
    parser.add_argument("--stage", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.stage:
        answer_as_peer(given.stage[0], Path(given.stage[1]))
        return
    if not Path(given.peers).exists():
        sys.exit(f"{given.peers} is not there: `make bench-peers` installs the peers.")
    BUILD.mkdir(parents=True, exist_ok=True)
    atexit.register(shutil.rmtree, BUILD, ignore_errors=True)
    texts = read_texts(given.corpus)
    order = np.random.default_rng(SEED).permutation(len(texts))
    texts = texts.take(pa.array(order))
    targets = measure(given.peers, first_texts(texts, SMALL_MB), large=False)
    if not given.small:
        targets += measure(given.peers, texts, large=True)
    print_targets(targets)


if __name__ == "__main__":
    main()
