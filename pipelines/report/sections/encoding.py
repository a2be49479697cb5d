"""Tokens and embeddings: how many, by what, and what was cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.report.blocks import Section, code, columns, not_run, table
from isinglass.pipelines.report.text import (
    decimal,
    grouped,
    ratio,
    share_of,
)

if TYPE_CHECKING:
    from isinglass.pipelines.report.blocks import Cell, Row
    from isinglass.pipelines.report.model import ReportData


def encoding_section(data: ReportData) -> Section:
    """A table of what the encode pass wrote."""
    anchor, title = "encode", "Tokens and embeddings"
    summary = data.manifest.encode
    if summary is None:
        why = "the configuration has no encode section."
        if data.part("encode") is not None:
            why = f"`isinglass {data.manifest.verb}` does not encode."
        return not_run(anchor, title, why)
    config = data.part("encode") or {}
    documents = summary.documents
    words = data.slices.total("words", "output")
    truncated = share_of(summary.truncated_documents, documents)
    limit = config.get("max_tokens")
    rows: list[Row] = [
        ["documents encoded", grouped(documents), ""],
        ["tokens", grouped(summary.tokens), f"by tokenizer {config.get('tokenizer')}"],
        ["tokens a document", decimal(ratio(summary.tokens, documents), 1), "mean"],
        [
            "tokens a word",
            decimal(ratio(summary.tokens, words)),
            f"of {grouped(words)} words in the kept documents",
        ],
    ]
    if summary.dimensions:
        rows += [
            ["embedding dimensions", grouped(summary.dimensions), _model(config)],
            [
                "documents cut for the encoder",
                grouped(summary.truncated_documents),
                f"{truncated} of the documents; it sees the first {limit} tokens",
            ],
        ]
    else:
        rows.append(["embeddings", "none", "not asked for"])
    heads = columns("<Count", "Number", "<Note")
    made = table("What the encode pass wrote", heads, rows)
    return Section(anchor, title, (made,))


def _model(config: dict[str, object]) -> Cell:
    return code(f"model {config.get('model')}")
