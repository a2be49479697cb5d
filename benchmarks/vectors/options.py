"""The command line of the benchmark."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from benchmarks.vectors.random_models import RANDOM, SHAPES
from isinglass.transforms.encode.encoder.device import Precision

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_BATCH_TOKENS = 32_768
PEER_DOCUMENTS = 20_000


@dataclass(frozen=True)
class Options:
    """What is measured.

    Attributes:
        file: Parquet file with the texts.
        column: Its column of texts.
        model: `minilm`, a folder, or `random:` and a shape.
        tokenizer: `minilm`, a folder or a file; None is the model's own.
        max_tokens: Tokens of a document that the model sees.
        precision: As in `EncodeConfig`.
        device: As in `EncodeConfig`.
        batch_tokens: Token budgets to try; empty takes what a run would take.
        threads: Of the tokenizer, beside the one that runs the model; 0 does all in
            one thread.
        documents: Only the first so many; None takes all.
        rounds: How often each budget is run; the fastest counts.
        peer: Whether a peer encodes the same texts.
        peer_documents: How many of them, at most.
        peer_batches: Batch sizes the peer is given; its fastest counts.
        output: Folder that vectors are written to as Parquet; None keeps them in
            memory.
        profile: Whether the kernels of one run are listed.
        seconds: After so many seconds no more budgets are tried, and the peer is run
            once only.
    """

    file: Path
    column: str
    model: str
    tokenizer: str | None
    max_tokens: int
    precision: Precision | Literal["auto"]
    device: str
    batch_tokens: tuple[int, ...]
    threads: int
    documents: int | None
    rounds: int
    peer: bool
    peer_documents: int
    peer_batches: tuple[int, ...]
    output: Path | None
    profile: bool
    seconds: float


def read_options(arguments: Sequence[str] | None = None) -> Options:
    """Parse a command line.

    Args:
        arguments: Without the program's name; None takes the process's own.

    Raises:
        SystemExit: With code 2 for a wrong option; prints one line.
    """
    return Options(**vars(_parser().parse_args(arguments)))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m benchmarks.vectors", description=_ABOUT)
    add = parser.add_argument
    add("file", type=Path, metavar="FILE.parquet", help="texts to encode")
    add("--column", default="text", help="column of texts (default: text)")
    add(
        "--model",
        default="minilm",
        help=f"minilm, a folder, or {RANDOM}{'|'.join(SHAPES)}",
    )
    add(
        "--tokenizer", help="minilm, a folder or a tokenizer.json; default: the model's"
    )
    add("--max-tokens", type=_count, default=256, help="tokens a document (256)")
    add("--precision", choices=["auto", *get_args(Precision)], default="auto")
    add("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    add("--batch-tokens", type=_counts, default=(), help="token budgets, N[,N...]")
    add("--threads", type=_natural, default=2, help="tokenizer threads (2)")
    add("--documents", type=_count, help="only the first N documents")
    add("--rounds", type=_count, default=2, help="runs of each budget (2)")
    add("--peer", action=argparse.BooleanOptionalAction, default=True)
    add(
        "--peer-documents",
        type=_count,
        default=PEER_DOCUMENTS,
        help="at most, for the peer",
    )
    add("--peer-batches", type=_counts, default=(), help="batch sizes of the peer")
    add("--output", type=Path, help="folder to write the vectors to")
    add("--profile", action="store_true", help="list the kernels of one more run")
    add("--seconds", type=float, default=float("inf"), help="try less after so many")
    return parser


_ABOUT = "Encode a Parquet file end to end; one JSON object on standard output."


class _Parser(argparse.ArgumentParser):
    """Errors in one line, without the usage."""

    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(2, f"{message}. --help lists the options.\n")


def _natural(text: str) -> int:
    """A whole number from 0."""
    value = int(text)
    if value < 0:
        raise ValueError(text)
    return value


def _count(text: str) -> int:
    """A whole number from 1."""
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def _counts(text: str) -> tuple[int, ...]:
    """Whole numbers from 1 with commas between."""
    return tuple(_count(part) for part in text.split(","))


# argparse names the type in its message.
_natural.__name__ = "number"
_count.__name__ = "number above 0"
_counts.__name__ = "list of numbers"
