"""Hold what the code makes against what it made before: jobs, hashes, differences.

`make` runs jobs of every verb and every way of a configuration with the isinglass that
PYTHONPATH names, and lists hashes of all that came out. `compare` says which job, table
and column differ, and exits with 1 if any does. What a job said is kept in a folder
beside the list, so that `diff -r` shows how texts differ; it quotes the corpus. Run:

    PYTHONPATH=OLD python benchmarks/frozen.py make --output build/frozen/old.json
    PYTHONPATH=NEW python benchmarks/frozen.py make --output build/frozen/new.json
    python benchmarks/frozen.py compare build/frozen/old.json build/frozen/new.json

Lists can be compared if they were made on one machine, with the same packages.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.freezing.compare import differences  # noqa: E402
from benchmarks.freezing.jobs import JOBS  # noqa: E402
from benchmarks.freezing.make import make_job  # noqa: E402
from benchmarks.measuring.parts import chosen_parts  # noqa: E402
from benchmarks.measuring.processes import cpu_seconds  # noqa: E402

NAMES = [job.name for job in JOBS]


def make(output: Path, only: str | None) -> int:
    """Run jobs and write the list of them."""
    wanted = None if only is None else chosen_parts(only, NAMES)
    made = {}
    for job in JOBS:
        if wanted is not None and job.name not in wanted:
            continue
        before = cpu_seconds()
        made[job.name] = make_job(job, output.with_suffix("") / job.name)
        reason = made[job.name].get("skipped")
        said = f"skipped, {reason}" if reason else f"{cpu_seconds() - before:.1f} CPU s"
        print(f"{job.name}: {said}", flush=True)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps({"only": wanted, "jobs": made}, indent=1) + "\n")
    codes = {job["code"] for job in made.values() if "code" in job}
    print(f"{output}: {len(made)} jobs with {', '.join(sorted(codes)) or 'no code'}")
    return 0


def compare(old: Path, new: Path) -> int:
    """Print the differences of two lists; 1 if there are any."""
    lists = [json.loads(path.read_text()) for path in (old, new)]
    found = differences(*lists)
    for line in found:
        print(line)
    if found:
        folders = " ".join(str(path.with_suffix("")) for path in (old, new))
        print(f"{len(found)} differences. Texts side by side: diff -r {folders}")
        return 1
    compared = lists[1]["jobs"]
    skips = [name for name, job in compared.items() if "skipped" in job]
    note = f"; skipped: {', '.join(skips)}" if skips else ""
    print(f"{len(compared) - len(skips)} jobs, no difference{note}.")
    return 0


def main() -> int:
    """Make a list or compare two."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    maker = verbs.add_parser("make", help="run jobs and write the list")
    maker.add_argument("--output", type=Path, required=True, help="the list, JSON")
    maker.add_argument("--only", help=f"jobs, by commas: {', '.join(NAMES)}")
    comparer = verbs.add_parser("compare", help="say what differs")
    comparer.add_argument("old", type=Path)
    comparer.add_argument("new", type=Path)
    arguments = parser.parse_args()
    if arguments.verb == "make":
        return make(arguments.output, arguments.only)
    return compare(arguments.old, arguments.new)


if __name__ == "__main__":
    sys.exit(main())
