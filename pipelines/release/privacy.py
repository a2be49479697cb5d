"""`privacy.json`: what was done about personal data, and what is probably left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from isinglass.pipelines.release.inert import json_text
from isinglass.pipelines.release.render import said_by
from isinglass.pipelines.report.text import visible

if TYPE_CHECKING:
    from isinglass.pipelines.release.facts import Facts


def privacy(facts: Facts) -> str:
    """Operators, counts, recall and leftovers of each kind; no value of any."""
    told: dict[str, Any] = {}
    for paper in facts.papers:
        told |= paper.privacy
    said = said_by(facts)
    return json_text(
        {
            "dataset": visible(facts.title),
            "run_id": facts.manifest.run_id,
            "contact": visible(said["contact"]),
            "documents": facts.whole.documents,
            "words": facts.whole.words,
            "columns_handed_on_as_they_came": [visible(name) for name in facts.carried],
            **_shown(told),
            "limits": [visible(line) for line in facts.limits],
            "open": [visible(one.path) for one in facts.open],
        }
    )


def _shown(value: Any) -> Any:
    """Strings made visible, at whatever depth."""
    if isinstance(value, dict):
        return {visible(str(key)): _shown(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(item) for item in value]
    return visible(value) if isinstance(value, str) else value
