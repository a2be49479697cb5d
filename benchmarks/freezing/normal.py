"""Texts without what differs from run to run: times, places, run ids."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")
_LOG_TIME = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ", re.MULTILINE)
_COST = re.compile(
    r"<caption>(Passes: what each did and what it cost|What was written"
    r"|Files of the run)</caption>.*?</table>",
    re.DOTALL,
)
_PROGRESS = re.compile(r"^INFO \w+: \d+/\d+ units, .*\n", re.MULTILINE)
_PASS_FACTS = ("name", "units", "reused", "rows")
_OUTPUT_FACTS = ("path", "rows")


@dataclass(frozen=True)
class Marks:
    """What stands for the strings that are another each time.

    Attributes:
        marks: What is put instead of a string, such as a run_id or the folder.
    """

    marks: Mapping[str, str] = field(default_factory=dict)

    def text(self, text: str) -> str:
        """A text without times, log times, progress and the strings."""
        for string in sorted(self.marks, key=len, reverse=True):
            text = text.replace(string, self.marks[string])
        text = _TIME.sub("<time>", _LOG_TIME.sub("", text))
        return _PROGRESS.sub("", text)

    def answer(self, text: str) -> str:
        """What a verb printed; a manifest is stripped as one."""
        if text.startswith("{"):
            try:
                found = json.loads(text)
            except ValueError:
                return self.text(text)
            if isinstance(found, dict) and "passes" in found:
                return self.manifest(found)
        return self.text(text)

    def manifest(self, manifest: dict[str, Any]) -> str:
        """A manifest without times, packages, and hashes and sizes of outputs."""
        kept = {
            key: value
            for key, value in manifest.items()
            if key not in {"created", "packages"}
        }
        kept["passes"] = _only(kept["passes"], _PASS_FACTS)
        kept["outputs"] = _only(kept["outputs"], _OUTPUT_FACTS)
        return self.text(json.dumps(kept, indent=1, ensure_ascii=False))

    def report(self, html: str) -> str:
        """A report without the tables that tell times, sizes and hashes of outputs."""
        return self.text(_COST.sub(r"<caption>\1</caption></table>", html))


def _only(rows: list[dict[str, Any]], names: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{name: row[name] for name in names} for row in rows]
