"""Tokens and embeddings: how many, by what, what was cut, and how it was checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.text import decimal, grouped, percent, ratio, share_of
from isinglass.pipelines.stage import Paper
from isinglass.schemas.encoding import EncodeSummary
from isinglass.schemas.manifest import Manifest

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData

ANCHOR, TITLE = "encode", "Tokens and embeddings"
Settings = dict[str, object]


def section(data: ReportData) -> page.Section:
    """What the encode pass wrote, and how its ids were checked."""
    summary = data.manifest.encode
    if summary is None:
        why = "the configuration has no encode section."
        if data.part("encode") is not None:
            why = f"`isinglass {data.manifest.verb}` does not encode."
        return page.not_run(ANCHOR, TITLE, why)
    config = data.part("encode") or {}
    words = data.slices.total("words", "output")
    rows = _token_rows(summary, config, words)
    rows += _vector_rows(summary, config)
    rows += _file_rows(summary, config)
    heads = page.columns("<Count", "Number", "<Note")
    blocks: list[page.Block] = [page.table("What the encode pass wrote", heads, rows)]
    if summary.tokenizer.fell_back:
        why = (
            "A compared document had other ids than the reference gives. All documents "
            "were done again by the reference alone, so the ids are right."
        )
        blocks.append(page.Paragraph(why, "warn"))
    return page.Section(ANCHOR, TITLE, tuple(blocks))


def line(manifest: Manifest) -> str:
    """Its part of what a command prints when it is done."""
    summary = manifest.encode
    if summary is None:
        return "tokens: not run"
    return (
        f"tokens: {grouped(summary.tokens)} in {grouped(summary.documents)} documents"
    )


def paper(data: ReportData) -> Paper:
    """How many tokens are published."""
    summary = data.manifest.encode
    return Paper() if summary is None else Paper(tokens=summary.tokens)


def _token_rows(
    summary: EncodeSummary, config: Settings, words: float | None
) -> list[page.Row]:
    used = summary.tokenizer
    rows: list[page.Row] = [["documents encoded", grouped(summary.documents), ""]]
    windowed = config.get("windows") == "window"
    if windowed:
        note = (
            f"of at most {config.get('max_tokens')} tokens, {config.get('stride')} of "
            "them shared with the window before"
        )
        rows.append(["windows", grouped(summary.rows), note])
    note = "mean; windows count what they share twice" if windowed else "mean"
    rows += [
        ["tokens", grouped(summary.tokens), f"by tokenizer {config.get('tokenizer')}"],
        ["tokens a row", decimal(ratio(summary.tokens, summary.rows), 1), note],
    ]
    # Says something of the tokenizer only where no token was left out.
    if config.get("windows", "all") == "all":
        note = f"of {grouped(words)} words in the kept documents"
        rows.append(["tokens a word", decimal(ratio(summary.tokens, words)), note])
    share = share_of(used.documents_compared, summary.documents)
    return [
        *rows,
        [
            "documents compared with the reference",
            grouped(used.documents_compared),
            f"a sample, {share}; ids equal; made by {', '.join(used.backends)}",
        ],
        [
            "documents tokenised by the reference",
            grouped(used.documents_by_reference),
            "those with characters on which the fast library is known to differ",
        ],
    ]


def _vector_rows(summary: EncodeSummary, config: Settings) -> list[page.Row]:
    if not summary.dimensions or summary.encoder is None:
        return [["embeddings", "none", "not asked for"]]
    used, limit = summary.encoder, config.get("max_tokens")
    how = (
        f"{', '.join(used.precision)} on {', '.join(used.devices)}, pooling "
        f"{', '.join(used.pooling)}, attention {', '.join(used.attention)}"
    )
    model = page.code(f"model {config.get('model')}")
    rows: list[page.Row] = [
        ["embedding dimensions", grouped(summary.dimensions), model],
        ["how they were made", "", how],
    ]
    if config.get("windows") != "window":
        share = share_of(summary.truncated_documents, summary.documents)
        note = f"{share} of the documents; it sees the first {limit} tokens"
        cut = grouped(summary.truncated_documents)
        rows.append(["documents cut for the encoder", cut, note])
    return rows


def _file_rows(summary: EncodeSummary, config: Settings) -> list[page.Row]:
    rows: list[page.Row] = []
    if summary.packed is not None:
        packed = summary.packed
        note = f"{percent(packed.fill, 2)} of {packed.length} places a row are filled"
        rows.append(["packed rows", grouped(packed.rows), note])
    if summary.megatron is not None:
        note = f"{grouped(summary.megatron.tokens)} tokens as {summary.megatron.dtype}"
        rows.append(["Megatron sequences", grouped(summary.megatron.sequences), note])
    if config.get("hidden_states"):
        note = "tokens with a vector each, float16"
        rows.append(["hidden states", grouped(summary.hidden_states), note])
    return rows
