"""Start a command and write down what it cost.

    python launch.py FILE COMMAND...

A process that is forked from a large one inherits its peak memory, so this small one
stands between the benchmark and what it measures.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path


def main() -> int:
    """Run the command; CPU seconds are of it and of all its children."""
    file, *command = sys.argv[1:]
    began = time.monotonic()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    cost = {
        "cpu": usage.ru_utime + usage.ru_stime,
        "wall": time.monotonic() - began,
        "peak_mb": usage.ru_maxrss / 1024,
    }
    Path(file).write_text(json.dumps(cost))
    return process.returncode


if __name__ == "__main__":
    sys.exit(main())
