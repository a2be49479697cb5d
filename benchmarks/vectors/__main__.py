"""Print one JSON object about one Parquet file."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from benchmarks.vectors.loaded import say
from benchmarks.vectors.measure import measure
from benchmarks.vectors.options import read_options
from isinglass.schemas.errors import IsinglassError

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; progress and errors go to standard error.

    Returns:
        0, 1 where no run succeeded, or the error's exit code: 2 for what can be put
        right in the command.
    """
    options = read_options(arguments)
    try:
        report = measure(options)
    except IsinglassError as error:
        say(str(error))
        return error.exit_code
    sys.stdout.write(json.dumps(report) + "\n")
    return 0 if report["best"] else 1


if __name__ == "__main__":
    sys.exit(main())
