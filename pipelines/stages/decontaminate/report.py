"""Evaluation sets that were looked for in the documents, and what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.text import grouped, percent, share_of
from isinglass.pipelines.stage import Paper
from isinglass.schemas.manifest import DecontaminationSummary, Manifest

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData


def section(data: ReportData) -> page.Section:
    """What was searched for, how, and what each file of items was found in."""
    anchor, title = "decontamination", "Evaluation sets"
    summary = data.manifest.decontamination
    if summary is None:
        return page.not_run(
            anchor, title, "the configuration has no decontaminate section."
        )
    blocks: list[page.Block] = [_found(data, summary), _files(summary)]
    blocks += [page.Paragraph(text) for text in _how(data.part("decontaminate") or {})]
    blocks.append(_missed(summary))
    items = sum(file.items for file in summary.files)
    said = f"{grouped(items)} items were read from {grouped(len(summary.files))} files."
    return page.Section(anchor, title, tuple(blocks), said=said)


def advice(manifest: Manifest) -> list[str]:
    """To look for evaluation sets, where nobody did."""
    if manifest.decontamination is not None:
        return []
    said = (
        "Name the evaluation sets that models trained on this will be measured by "
        "(`decontaminate.files`): nobody looked whether they are in it."
    )
    return [said]


def paper(data: ReportData) -> Paper:
    """Which evaluation sets were looked for, whatever came of it."""
    summary = data.manifest.decontamination
    if summary is None:
        return Paper()
    files = ", ".join(file.path for file in summary.files)
    verb = "left out" if summary.action == "drop" else "marked"
    held = f"{summary.documents:,} documents hold an item of them, and were {verb}"
    return Paper(done=[f"Evaluation sets were looked for ({files}): {held}."])


def _found(data: ReportData, summary: DecontaminationSummary) -> page.Paragraph:
    count, records = summary.documents, data.manifest.records.total_in
    if not count:
        return page.Paragraph(
            "No document holds an item of these evaluation sets.", "good"
        )
    done = (
        "They were dropped, but for those that another reason removed first."
        if summary.action == "drop"
        else "They were kept: the action is flag."
    )
    share = share_of(count, records)
    return page.Paragraph(
        f"Documents that hold an item: {grouped(count)} ({share} of the records in). "
        f"{done} The ledger names the item of each.",
        "warn",
    )


def _files(summary: DecontaminationSummary) -> page.Table:
    rows: list[page.Row] = []
    for file in summary.files:
        searched = file.items - file.too_short - file.duplicates
        rows.append(
            [
                page.code(file.path),
                page.digest(file.sha256),
                grouped(file.items),
                grouped(searched),
                grouped(file.too_short),
                grouped(file.duplicates),
                grouped(file.unreadable),
                grouped(file.matched_items),
                grouped(file.documents),
            ]
        )
    return page.table(
        "Evaluation items by file",
        page.columns(
            "<File",
            "<SHA-256",
            "Items",
            "Looked for",
            "Too short",
            "Repeated",
            "Unreadable",
            "Items found",
            "Documents",
        ),
        rows,
        note=(
            "A document counts once, for the item of its longest match; another item "
            "that it holds as well is not counted as found."
        ),
    )


def _how(config: dict[str, Any]) -> list[str]:
    if not {"ngram", "min_words", "min_share"} <= set(config):
        return []
    share = config["min_share"]
    covers = f" and cover {percent(share)} of the item" if share else ""
    return [
        (
            f"A document that shares {config['ngram']} words in a row with an item is "
            "compared with it word by word; case, white space and punctuation do not "
            f"count. The longest match must have {config['min_words']} words{covers}; "
            "an item that is shorter than this must be there whole."
        ),
        (
            "In scripts without spaces characters are compared instead of words, and "
            "three of them count as a word. A paraphrase or a translation is not found."
        ),
    ]


def _missed(summary: DecontaminationSummary) -> page.Paragraph:
    short = sum(file.too_short for file in summary.files)
    unreadable = sum(file.unreadable for file in summary.files)
    if not short and not unreadable:
        return page.Paragraph("All items were looked for.")
    items = sum(file.items for file in summary.files) + unreadable
    return page.Paragraph(
        f"Of {grouped(items)} records, {grouped(short)} have too few words to be "
        f"looked for and {grouped(unreadable)} could not be read: documents that hold "
        "them are not found.",
        "warn",
    )
