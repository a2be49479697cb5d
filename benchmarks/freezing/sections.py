"""A job, and the settings that several of them share.

A job is a folder with inputs and configurations, and the command lines that are run in
it. All paths are relative, so that nothing depends on where the folder is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.freezing.drive import EXPLAIN_ALL

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY_NAME = "FROZEN_KEY"
KEY = "a key that is the same for every list"

Settings = dict[str, Any]
Step = tuple[str, ...]


@dataclass(frozen=True)
class Job:
    """Inputs, configurations and what is done with them.

    Attributes:
        name: Name in the list.
        prepare: Writes the inputs into an empty folder.
        configs: Configurations by name; each is written as `NAME.yaml`.
        steps: Command lines, or `EXPLAIN_ALL` or `DAMAGE` with the folder of a run.
        needs: Folders without which the job is skipped.
        random: Columns of a run that nothing repeats, by the folder of the run.
    """

    name: str
    prepare: Callable[[Path], None]
    configs: dict[str, Settings] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    needs: tuple[Path, ...] = ()
    random: dict[str, tuple[str, ...]] = field(default_factory=dict)


def settings(path: str = "corpus", output: str = "run", **sections: Any) -> Settings:
    """A configuration over one input, in several shards."""
    return {
        "inputs": [{"path": path, "source": "web"}],
        "output": output,
        "seed": 3,
        "limits": {"shard_bytes": 20_000, "max_quarantine_rate": 1.0},
    } | sections


def run(verb: str, name: str = "job", *options: str) -> Step:
    """The command line that runs a configuration."""
    return (verb, "-c", f"{name}.yaml", *options)


def proof(folder: str = "run") -> tuple[Step, ...]:
    """Verify a run and explain a document of every fate."""
    return (("verify", folder, "--format", "json"), (EXPLAIN_ALL, folder))


def identifiers(**more: Any) -> Settings:
    """A `pii` section without a model."""
    return {
        "mode": "identifiers",
        "key_env": KEY_NAME,
        "canaries": {"documents": 40},
    } | more


OPERATORS: Settings = {
    "EMAIL_ADDRESS": {"operator": "surrogate"},
    "PHONE_NUMBER": {"operator": "mask", "threshold": 0.4},
    "IP_ADDRESS": {"operator": "generalise"},
    "CREDIT_CARD": {"operator": "redact", "threshold": 0.3},
    "IBAN_CODE": {"operator": "hash"},
    "US_SSN": {"operator": "keep", "threshold": 0.5},
    "SECRET": {"operator": "replace"},
    "URL_CREDENTIALS": {"operator": "mask"},
    "CN_ID_CARD": {"operator": "surrogate"},
    "CN_PLATE": {"operator": "generalise"},
    "PERSON": {"operator": "surrogate", "threshold": 0.6},
    "LOCATION": {"operator": "keep"},
    "DATE_TIME": {"operator": "generalise"},
    "BADGE": {"operator": "hash"},
}
"""Every operator at least once."""

SURROGATES: Settings = {
    name: {"operator": "surrogate"}
    for name in (
        *("EMAIL_ADDRESS", "PHONE_NUMBER", "IP_ADDRESS", "CREDIT_CARD", "IBAN_CODE"),
        *("CRYPTO", "SECRET", "URL_CREDENTIALS", "US_SSN", "CN_ID_CARD", "CN_PLATE"),
        *("CN_PASSPORT", "PERSON"),
    )
}

RECOGNIZERS: Settings = {
    "predefined": ["UkNinoRecognizer"],
    "files": ["recognizers.yaml"],
    "patterns": [
        {
            "entity": "BADGE",
            "name": "badge",
            "regex": r"ZQ-\d{4}-ZQ",
            "context": ["badge"],
        }
    ],
    "deny": [
        {"entity": "PROJECT", "values": ["Bluebird", "heron"]},
        {"entity": "SITE", "file": "sites.txt", "ignore_case": False},
    ],
    "allow": [
        {"entities": ["EMAIL_ADDRESS"], "values": ["person46@mailbox.io"]},
        {"values": [r"^185\.12\.64\.3"], "match": "regex"},
    ],
}


PARAGRAPHS: Settings = {"max_documents": 6, "remove": True}
DECONTAMINATE: Settings = {"files": ["items.jsonl"], "column": "q"}
CAUTIOUS: Settings = {"max_removed": {"source": 0.5, "sources": {"web": 0.01}}}
BALANCE: Settings = {
    "axes": {"gender": {"target": {"female": 0.6, "male": 0.4}, "units": "capped"}},
    "distance": "logit",
    "bounds": [0.5, 2.0],
}
GATES = [
    {
        "metric": "pii.recall",
        "slice": {"entity": "EMAIL_ADDRESS"},
        "op": ">=",
        "value": 0.9,
    },
    {"metric": "records.kept", "op": ">", "value": 1e6, "severity": "warning"},
]
