"""The example of recognizers does what its comment says."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import yaml

from isinglass.schemas.config import PiiConfig
from isinglass.transforms.pii.detector import build_detector

EXAMPLE = Path("examples/recognizers.yaml")
TEXT = (
    "Ticket TK-12345 came from north yard: invoice INV-20240001 of project Bluebird. "
    "Their NI number is AA123456B, not TK-1234."
)


def test_the_configuration_of_the_comment(repository: Path) -> None:
    lines = (repository / EXAMPLE).read_text("utf-8").split("\n")
    shown = [line[2:] for line in lines if re.match(r"#   +\S", line)]
    section = yaml.safe_load("\n".join(shown))["pii"]
    section["recognizers"]["files"] = [str(repository / EXAMPLE)]
    config = PiiConfig.model_validate(
        {"mode": "identifiers", "entities": {}, **section}
    )
    found = build_detector(config).detect(pa.array([TEXT]), pa.array(["en"])).findings
    values = {
        (r["entity"], TEXT[r["start"] : r["end"]], r["score"])
        for r in found.to_pylist()
    }
    assert values == {
        ("TICKET", "TK-12345", 0.85),
        ("SITE", "north yard", 0.9),
        ("INVOICE", "INV-20240001", 0.8),
        ("PROJECT", "Bluebird", 1.0),
        ("UK_NINO", "AA123456B", 0.85),
    }
