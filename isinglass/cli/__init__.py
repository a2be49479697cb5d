"""The command line: one file a verb, each a thin call of a public function."""

from __future__ import annotations

from isinglass.cli.app import main as main
