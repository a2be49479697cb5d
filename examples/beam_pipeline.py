"""isinglass's stages inside a Beam pipeline of your own.

Reads a folder, redacts PII without a model, counts gendered words by source, and
prints the totals:

    python examples/beam_pipeline.py build/demo-corpus
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.options.pipeline_options import PipelineOptions

from isinglass.pipelines.plan import plan
from isinglass.schemas.config import PiiConfig, RunConfig
from isinglass.transforms.beam import CountMentions, ReadDocuments, RedactDocuments


def totals(counts: pa.RecordBatch) -> list[tuple[str, int]]:
    """Documents and mentions of each group in one batch."""
    groups = counts.schema.names[1:]
    sums = [(name, pc.sum(counts.column(name)).as_py() or 0) for name in groups]
    return [("documents", counts.num_rows), *sums]


def tags(documents: pa.RecordBatch) -> list[tuple[str, int]]:
    """How many redaction tags each batch holds now."""
    column = pc.count_substring(documents.column("text"), "<EMAIL_ADDRESS>")
    return [("e-mail addresses redacted", pc.sum(column).as_py() or 0)]


def build(root: beam.Pipeline, folder: Path) -> Any:
    """The pipeline: read, redact, count, add up."""
    config = RunConfig.model_validate(
        {"inputs": [{"path": str(folder)}], "output": "-"}
    )
    made = plan(config, Path.cwd())
    # The key only matters to the hash operator and to value keys.
    key = os.environ.get("ISINGLASS_KEY", "an example key, not secret").encode()
    documents = (
        root
        | "Read" >> ReadDocuments(made.shards, made.layout)
        | "Redact" >> RedactDocuments(PiiConfig(mode="identifiers"), key)
    )
    mentions = documents | "Count" >> CountMentions() | "Totals" >> beam.FlatMap(totals)
    redacted = documents | "Tags" >> beam.FlatMap(tags)
    return (
        (mentions, redacted)
        | "Together" >> beam.Flatten()
        | "Sum" >> beam.CombinePerKey(sum)
    )


def main(folder: str) -> None:
    """Run on FnApiRunner and print one line a total."""
    options = PipelineOptions(["--runner=FnApiRunner"])
    with beam.Pipeline(options=options) as root:
        build(root, Path(folder)) | "Print" >> beam.MapTuple(
            lambda name, value: print(f"{name}: {value}")
        )


if __name__ == "__main__":
    main(sys.argv[1])
