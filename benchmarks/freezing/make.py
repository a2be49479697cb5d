"""Run jobs with the isinglass that PYTHONPATH names, and list what came out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from benchmarks.freezing.normal import Marks
from benchmarks.freezing.record import digest, record_run
from benchmarks.freezing.sections import KEY, KEY_NAME
from benchmarks.measuring.processes import ONE_THREAD

if TYPE_CHECKING:
    from benchmarks.freezing.sections import Job

_DRIVE = Path(__file__).with_name("drive.py")
_TERMINAL = {"COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1", KEY_NAME: KEY}


def environment(code: Path | None = None) -> dict[str, str]:
    """Variables of a job: one thread, a narrow terminal, a fixed key.

    Args:
        code: Folder whose isinglass is used; None for that of PYTHONPATH.
    """
    variables = os.environ | ONE_THREAD | _TERMINAL
    return variables if code is None else variables | {"PYTHONPATH": str(code)}


def skipped(job: Job) -> str:
    """Why a job cannot be run here; empty if it can."""
    missing = [folder for folder in job.needs if not folder.is_dir()]
    return f"there is no {missing[0]}" if missing else ""


def set_up(job: Job, folder: Path) -> None:
    """Write inputs and configurations of a job into an empty folder."""
    job.prepare(folder)
    for name, config in job.configs.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(config))


def make_job(job: Job, texts: Path) -> dict[str, Any]:
    """Run a job in a fresh folder; what it said is also written below `texts`.

    Returns:
        `skipped` with the reason, or `answers` and `runs`, both as hashes, with `code`
        and `seconds`.

    Raises:
        RuntimeError: The process of the job ended without an answer.
    """
    reason = skipped(job)
    if reason:
        return {"skipped": reason}
    with tempfile.TemporaryDirectory(prefix="frozen-") as name:
        folder = Path(name).resolve()
        set_up(job, folder)
        began = time.monotonic()
        found = _drive(job, folder)
        seconds = time.monotonic() - began
        marks = Marks(found["run_ids"] | {str(folder): "<folder>"})
        said = [_said(answer, marks) for answer in found["answers"]]
        runs = sorted(path.parent for path in folder.glob("*/manifest.json"))
        _keep_texts(texts, said, runs, marks)
        return {
            "code": found["code"],
            "seconds": round(seconds, 1),
            "answers": [_hashed(answer) for answer in said],
            "runs": {
                run.name: record_run(
                    run, marks, found["run_ids"], job.random.get(run.name, ())
                )
                for run in runs
            },
        }


def _drive(job: Job, folder: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="frozen-") as name:
        steps, answers = Path(name) / "steps.json", Path(name) / "answers.json"
        steps.write_text(json.dumps(job.steps))
        done = subprocess.run(
            [sys.executable, "-P", str(_DRIVE), str(steps), str(answers)],
            check=False,
            capture_output=True,
            cwd=folder,
            env=environment(),
        )
        if not answers.exists():
            tail = done.stderr[-2000:].decode(errors="replace")
            msg = f"{job.name} ended with {done.returncode}:\n{tail}"
            raise RuntimeError(msg)
        found: dict[str, Any] = json.loads(answers.read_text())
        return found


def _said(answer: dict[str, Any], marks: Marks) -> dict[str, Any]:
    return answer | {
        "arguments": [marks.text(argument) for argument in answer["arguments"]],
        "stdout": marks.answer(answer["stdout"]),
        "stderr": marks.text(answer["stderr"]),
    }


def _hashed(answer: dict[str, Any]) -> dict[str, Any]:
    return answer | {part: digest(answer[part]) for part in ("stdout", "stderr")}


def _keep_texts(
    texts: Path, said: list[dict[str, Any]], runs: list[Path], marks: Marks
) -> None:
    """Write what is compared as text, so that two folders show how it differs."""
    texts.mkdir(parents=True, exist_ok=True)
    for old in texts.iterdir():
        old.unlink()
    for number, answer in enumerate(said):
        lines = f"{answer['arguments']}\n{answer['code']}\n{answer['stdout']}\n"
        path = texts / f"{number:03d}-{answer['arguments'][0]}.txt"
        path.write_text(lines + answer["stderr"], "utf-8")
    for run in runs:
        manifest = json.loads((run / "manifest.json").read_bytes())
        path = texts / f"{run.name}-manifest.json"
        path.write_text(marks.manifest(manifest), "utf-8")
        html = (run / "report.html").read_text("utf-8")
        (texts / f"{run.name}-report.html").write_text(marks.report(html), "utf-8")
