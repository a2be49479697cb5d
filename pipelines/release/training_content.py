"""`eu-training-content`: what the data side knows for a summary of Art. 53(1)(d)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from isinglass.pipelines.release.inert import json_text
from isinglass.pipelines.release.registry import missing
from isinglass.pipelines.release.render import render, said_by
from isinglass.pipelines.report.text import visible

if TYPE_CHECKING:
    from isinglass.pipelines.release.facts import Facts

NOTICE = (
    "A feeder, not the summary of Art. 53(1)(d) of Regulation (EU) 2024/1689: the "
    "provider of a model completes it."
)
HEADINGS = (
    ("2.1 Public data sets", "public"),
    ("2.2 Private data of third parties", "private"),
    ("2.3 Data crawled and scraped from the web", "crawled"),
    ("2.4 User data", "user"),
    ("2.5 Synthetic data", "synthetic"),
    ("2.6 Other sources", "other"),
)
_BANDS = ((10**9, "less than 1 billion"), (10**13, "1 billion to 10 trillion"))
_MOST = "more than 10 trillion"
_DOMAINS = (
    "Not known: no statistic of this run is by domain. The column url of data/ has the "
    "address of each document where the input had one; the registrable domains of it, "
    "by size of text, give the list."
)


def training_content(facts: Facts) -> str:
    """For people."""
    return render(
        "eu-training-content.md.j2", facts, told=_told(facts), headings=HEADINGS
    )


def training_content_json(facts: Facts) -> str:
    """The same for programs."""
    said = {key: visible(answer) for key, answer in said_by(facts).items()}
    return json_text(
        {
            "notice": NOTICE,
            "dataset": visible(facts.title),
            "version": facts.settings.version,
            "run_id": facts.manifest.run_id,
            "created": facts.manifest.created,
            "modality": "text",
            "size": asdict(facts.whole) | {"tokens": facts.tokens},
            "size_band": _told(facts)["band"],
            "latest_acquisition": _told(facts)["latest"],
            "description": said["description"],
            "collection_period": said["collection.period"],
            "languages": {visible(k): asdict(n) for k, n in facts.languages.items()},
            "sources": [_source(one) for one in facts.sources],
            "domains": _DOMAINS if facts.may_be_crawled else None,
            "rights_reservation": said["opt_outs"],
            "processing": [visible(step) for step in facts.steps],
            "personal_data": [visible(line) for line in facts.each("personal")],
            "open": [visible(one.path) for one in facts.open],
        }
    )


def _source(one: Any) -> dict[str, Any]:
    declared = one.said.model_dump(mode="json", exclude_none=True)
    return {
        "source": visible(one.name),
        "kind": visible(one.answer("kind")),
        "licence": visible(one.answer("licence")),
        "declared": {key: visible(value) for key, value in declared.items()},
        "in": asdict(one.came),
        "kept": asdict(one.stayed),
    }


def _told(facts: Facts) -> dict[str, Any]:
    ends = [one.said.collected_to for one in facts.sources]
    ends.append(facts.settings.collection.collected_to)
    latest = max((end for end in ends if end), default="")
    return {
        "tokens": facts.tokens,
        "band": band(facts.tokens),
        "latest": latest or missing("release.collection.period"),
        "domains": _DOMAINS,
    }


def band(tokens: int | None) -> str | None:
    """The size of a text modality as the template of July 2025 has it."""
    if tokens is None:
        return None
    return next((name for limit, name in _BANDS if tokens < limit), _MOST)
