"""Run the command line as ``python -m isinglass``."""

from __future__ import annotations

from isinglass.cli import main

if __name__ == "__main__":
    main()
