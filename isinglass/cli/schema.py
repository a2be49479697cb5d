"""`isinglass schema`: print a contract as JSON."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import typer

from isinglass.schemas import tables
from isinglass.schemas.associations import AssociationFile
from isinglass.schemas.config import RunConfig
from isinglass.schemas.config.base import Section
from isinglass.schemas.config.evaluation import EvaluationConfig
from isinglass.schemas.evaluation import ModelEvaluation
from isinglass.schemas.lexicon import LexiconFile
from isinglass.schemas.manifest import Manifest

Contract = Literal[
    "config", "lexicon", "manifest", "tables", "associations", "evaluation", "model"
]

_SECTIONS: dict[str, type[Section]] = {
    "config": RunConfig,
    "lexicon": LexiconFile,
    "manifest": Manifest,
    "associations": AssociationFile,
    "evaluation": EvaluationConfig,
    "model": ModelEvaluation,
}


def schema(
    contract: Annotated[Contract, typer.Argument(help="Which contract to print.")],
) -> int:
    """Print the JSON Schema of a file, or the columns of the tables."""
    typer.echo(json.dumps(describe(contract), indent=2))
    return 0


def describe(contract: Contract) -> dict[str, Any]:
    """The contract as a JSON-able value."""
    if contract in _SECTIONS:
        return _SECTIONS[contract].model_json_schema()
    named = {
        "data": tables.DATA,
        "findings": tables.FINDINGS,
        "paragraphs": tables.PARAGRAPHS,
        "ledger": tables.LEDGER,
        "quarantine": tables.QUARANTINE,
        "tokens": tables.TOKENS,
        "embeddings": tables.embeddings_schema(384),
        "embeddings_erased": tables.embeddings_erased_schema(384),
        "audit/statistics": tables.STATISTICS,
        "audit/paragraphs": tables.PARAGRAPH_LIST,
    }
    return {
        name: {field.name: str(field.type) for field in table}
        for name, table in named.items()
    }
