"""Markdown papers from templates; every string that reaches one is made inert."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from isinglass.pipelines.release.facts import MOST
from isinglass.pipelines.release.inert import Markdown, fenced, prose
from isinglass.pipelines.report.text import percent, size
from isinglass.pipelines.report.text import ratio as divided

if TYPE_CHECKING:
    from isinglass.pipelines.release.facts import Facts

NOT_SAID = "Not stated."


def render(template: str, facts: Facts, **more: Any) -> str:
    """A paper; `more` is told to the template besides the facts."""
    page = _environment().get_template(template)
    tables = Markdown(", ".join(f"`{name}/`" for name in facts.tables))
    text: str = page.render(facts=facts, said=said_by(facts), tables=tables, **more)
    return text


def said_by(facts: Facts) -> dict[str, str]:
    """What a person said, by key, or that it is missing."""
    answers = {one.key: one.shown for one in facts.said.values()}
    # Asked only where pages were crawled.
    return {"opt_outs": facts.settings.opt_outs or NOT_SAID} | answers


def share(part: float, whole: float) -> str:
    """A share in percent."""
    return percent(divided(part, whole)).replace("\u202f", " ")


def _size(count: float) -> str:
    return size(count).replace("\u202f", " ")


def _shown(value: Any) -> Any:
    """What stands in the text for a value of a template."""
    if isinstance(value, Markdown) or value is None:
        return value or ""
    if isinstance(value, bool) or not isinstance(value, int):
        return prose(str(value))
    return f"{value:,}"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("isinglass.pipelines.release"),
        autoescape=False,  # noqa: S701 - Markdown; `_shown` makes strings inert
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"fenced": fenced, "size": _size}
    made.globals |= {"share": share, "not_said": NOT_SAID, "most": MOST}
    return made
