"""What the numbers depend on, what was written, and how to check it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.text import MISSING, decimal, grouped, shorten, size
from isinglass.schemas.manifest import Manifest, PassRecord

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData

_TITLE = "Inputs, models and passes"
_MEGABYTE = 1e6
_LONGEST_LINE = 400


def provenance_section(data: ReportData) -> page.Section:
    """Inputs, models, lexicons, packages and passes."""
    manifest = data.manifest
    blocks: list[page.Block] = [
        _inputs(manifest),
        _models(manifest),
        _lexicons(manifest),
        page.Fold(
            f"Packages ({grouped(len(manifest.packages))})",
            table=page.table(
                "Installed packages that the results depend on",
                page.columns("<Package", "<Version"),
                [
                    [page.code(k), page.code(v)]
                    for k, v in sorted(manifest.packages.items())
                ],
            ),
        ),
        page.Heading("Cost"),
        _passes(manifest),
    ]
    said = (
        f"Input files: {grouped(len(manifest.inputs))}, "
        f"{size(sum(file.bytes for file in manifest.inputs))}; "
        f"models: {grouped(len(manifest.models))}; lexicons and other data: "
        f"{grouped(len(manifest.lexicons))}."
    )
    return page.Section("provenance", _TITLE, tuple(blocks), said=said)


def outputs_section(data: ReportData) -> page.Section:
    """Files of the run, how to verify them, and the configuration."""
    manifest = data.manifest
    files = page.table(
        "Files of the run",
        page.columns("<Path", "Rows", "Size", "<SHA-256"),
        [
            [page.code(x.path), grouped(x.rows), size(x.bytes), page.digest(x.sha256)]
            for x in sorted(manifest.outputs, key=lambda output: output.path)
        ],
    )
    config = manifest.model_dump(mode="json", by_alias=True)["config"]
    text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True, width=78)
    lines = [shorten(line, _LONGEST_LINE) for line in text.splitlines()]
    blocks: list[page.Block] = [
        _folders(manifest),
        page.Fold(f"All {grouped(len(manifest.outputs))} files", table=files),
        page.Paragraph(
            "To verify: `isinglass verify RUN`, with RUN this run's folder, reads "
            "every file again and checks its hash, its schema, the sums on this page "
            "and the offsets of every finding. `sha256sum` gives the same hashes."
        ),
        page.Fold("Configuration, with all defaults (YAML)", lines=tuple(lines)),
    ]
    said = f"Files: {grouped(len(manifest.outputs))}, each with its SHA-256."
    title = "Outputs and how to verify them"
    return page.Section("outputs", title, tuple(blocks), said=said)


def _inputs(manifest: Manifest) -> page.Table:
    files = manifest.inputs
    heads = ["<Path", "<Source", "<Format", "Rows", "Size", "<SHA-256"]
    rows: list[page.Row] = [
        [
            page.code(file.path),
            file.source,
            file.format,
            grouped(file.rows),
            size(file.bytes),
            page.digest(file.sha256),
        ]
        for file in files
    ]
    count, bytes_ = sum(file.rows for file in files), sum(file.bytes for file in files)
    name = f"sum of {grouped(len(files))}"
    total: page.Row = [name, "", "", grouped(count), size(bytes_), ""]
    if any(file.problem for file in files):
        heads.append("<Problem")
        total.append("")
        for row, file in zip(rows, files, strict=True):
            row.append(page.Cell(shorten(file.problem), tone="warn"))
    note = "Hashes are shortened; the whole of them is in manifest.json."
    return page.table(
        "Input files as they were read", page.columns(*heads), rows, total, note
    )


def _models(manifest: Manifest) -> page.Table | page.Paragraph:
    if not manifest.models:
        return page.Paragraph("Models: none were used.", "muted")
    heads = page.columns("<Name", "<Role", "<Version", "<SHA-256")
    rows: list[page.Row] = [
        [page.code(m.name), m.role, m.version or MISSING, page.digest(m.sha256)]
        for m in manifest.models
    ]
    return page.table("Models", heads, rows)


def _lexicons(manifest: Manifest) -> page.Table | page.Paragraph:
    if not manifest.lexicons:
        return page.Paragraph("Lexicons: none were used.", "muted")
    return page.table(
        "Lexicons and other data files",
        page.columns("<Name", "<Language", "<Version", "<Licence", "<SHA-256"),
        [
            [page.code(x.name), x.language, x.version, x.licence, page.digest(x.sha256)]
            for x in manifest.lexicons
        ],
    )


def _passes(manifest: Manifest) -> page.Table:
    passes = manifest.passes
    units = grouped(sum(record.units for record in passes))
    reused = grouped(sum(record.reused for record in passes))
    wall = decimal(sum(record.seconds for record in passes), 1)
    cpu = decimal(sum(record.cpu_seconds for record in passes), 1)
    heads = ("<Pass", "Units", "of them reused", "Rows", "Size", "Wall s", "CPU s")
    return page.table(
        "Passes: what each did and what it cost",
        page.columns(*heads, "MB per wall s"),
        [_pass_row(record) for record in passes],
        total=["sum", units, reused, "", "", wall, cpu, ""],
        note=(
            "Reused units were finished by an earlier attempt, whose wall time is not "
            "counted here. Times differ from run to run; no other file depends on them."
        ),
    )


def _pass_row(record: PassRecord) -> page.Row:
    speed = MISSING
    if record.seconds > 0 and not record.reused:
        speed = decimal(record.bytes / _MEGABYTE / record.seconds, 1)
    return [
        record.name,
        grouped(record.units),
        grouped(record.reused),
        grouped(record.rows),
        size(record.bytes),
        decimal(record.seconds, 1),
        decimal(record.cpu_seconds, 1),
        speed,
    ]


def _folders(manifest: Manifest) -> page.Table:
    folders: dict[str, list[tuple[int, int]]] = {}
    for output in manifest.outputs:
        folder, slash, _ = output.path.partition("/")
        folders.setdefault(folder + slash, []).append((output.rows, output.bytes))
    rows: list[page.Row] = [
        [
            page.code(name),
            grouped(len(files)),
            grouped(sum(rows for rows, _ in files)),
            size(sum(count for _, count in files)),
        ]
        for name, files in sorted(folders.items())
    ]
    whole = size(sum(output.bytes for output in manifest.outputs))
    total = ["sum", grouped(len(manifest.outputs)), "", whole]
    heads = page.columns("<Folder", "Files", "Rows", "Size")
    return page.table("What was written", heads, rows, total)
