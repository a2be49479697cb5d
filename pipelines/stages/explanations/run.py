"""From a finished run to a folder with explanations of some of its documents."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isinglass import __version__
from isinglass.pipelines.engine.workspace import (
    is_folder,
    list_folder,
    make_private,
    table_bytes,
    write_atomically,
)
from isinglass.pipelines.stages.explanations.aim import Aim, take_aim
from isinglass.pipelines.stages.explanations.documents import Explained, Explainer
from isinglass.pipelines.stages.explanations.mask import MARGIN, masks
from isinglass.pipelines.stages.explanations.page import CAUTION, explanations_page
from isinglass.pipelines.stages.explanations.source import Source
from isinglass.pipelines.stages.explanations.told import (
    Summary,
    document_json,
    rounded,
    statistics,
    summarise,
    summary_json,
)
from isinglass.schemas.errors import ConfigError, InputError, OutputError
from isinglass.schemas.reasons import Outcome
from isinglass.schemas.statistic import statistics_table
from isinglass.transforms.demographics.lexicon import load_lexicons
from isinglass.transforms.encode.encoder.device import configure_threads
from isinglass.transforms.encode.models.find import chosen_pooling, model_folder
from isinglass.transforms.encode.tokenizers.reference import load_reference

if TYPE_CHECKING:
    from isinglass.transforms.demographics.lexicon import Lexicons

FILES = ("explanations.html", "explanations.json", "statistics.parquet")

_NO_SCAN = "it could not be scanned for personal data, so nothing of it is shown"
_NO_TOKENS = "it has no token of text"


@dataclass(frozen=True)
class Asked:
    """What is to be explained.

    Attributes:
        target: See `aim`.
        documents: Ids, places or ids of the data; explained besides the sample.
        sample: Flagged documents that are drawn.
        axis: Whose terms are replaced; None for that of the probe, or gender.
        swaps: Most replacements in a document.
        gap: Standard deviations of the number from which on a gap is a finding.
    """

    target: str
    documents: tuple[str, ...] = ()
    sample: int = 20
    seed: int = 0
    axis: str | None = None
    swaps: int = 6
    gap: float = 0.25


@dataclass(frozen=True)
class Made:
    """What was found, and what is written of it.

    Attributes:
        told: The content of `explanations.json`.
    """

    told: dict[str, Any]
    summary: Summary
    statistics: bytes


def explain_documents(folder: Path, asked: Asked, base: Path) -> Made:
    """Explain documents of a finished run; nothing is written.

    Paths start from `base`.

    Raises:
        ConfigError: Something is asked for that there is not.
        InputError: The run lacks what it needs, or no document is left to explain.
        RefuseError: The model is another one than that of the run.
    """
    configure_threads(1)
    source = Source.of(folder)
    aim = take_aim(asked.target, source, base, asked.seed)
    lexicons = load_lexicons(source.config.demographics)
    explainer = _explainer(source, lexicons, asked)
    chosen = _chosen(source, aim, asked)
    explained: list[Explained] = []
    left_out: list[dict[str, str]] = []
    for doc_id, one in _each(source, aim, explainer, chosen):
        if isinstance(one, str):
            left_out.append({"doc_id": doc_id, "why": one})
        else:
            explained.append(one)
    if not explained:
        raise InputError(
            "None of the chosen documents can be explained: "
            f"{'; '.join(sorted({one['why'] for one in left_out}))}."
        )
    summary = summarise(explained, aim, lexicons, explainer.axis, asked.gap)
    rows = statistics(summary, explained, len(left_out))
    told = _told(source, aim, asked, summary, explained, left_out, lexicons)
    return Made(rounded(told), summary, table_bytes(statistics_table(rows)))


def _axis(asked: Asked, lexicons: Lexicons) -> str:
    own = asked.target.partition("probe:")[2].partition("/")[0]
    axis = asked.axis or own or "gender"
    known = sorted({axis for axis, _ in lexicons.groups})
    if axis not in known:
        raise ConfigError(f"--axis {axis}: no lexicon has it; {', '.join(known)} are.")
    return axis


def _explainer(source: Source, lexicons: Lexicons, asked: Asked) -> Explainer:
    from isinglass.transforms.explanations.model import load_open  # noqa: PLC0415

    encode = source.encode
    return Explainer(
        encoder=load_open(
            model_folder(encode), chosen_pooling(encode), normalised=encode.normalise
        ),
        tokenizer=load_reference(encode),
        longest=encode.max_tokens,
        lexicons=lexicons,
        axis=_axis(asked, lexicons),
        swaps=asked.swaps,
        seed=asked.seed,
    )


def _chosen(source: Source, aim: Aim, asked: Asked) -> list[str]:
    """Documents that are named, and then the sample, each once."""
    named = []
    for given in asked.documents:
        row = source.run.find(given)
        if row["outcome"] != Outcome.KEPT:
            raise InputError(
                f"Document {row['doc_id']} is not in data/ ({row['outcome']}: "
                f"{row['reason']}), so it has no vector. `isinglass explain` tells why."
            )
        named.append(row["doc_id"])
    drawn = aim.draw(asked.sample, asked.seed)
    chosen = list(dict.fromkeys([*named, *drawn]))
    if not chosen:
        raise InputError(
            f"No document has {aim.flag}, and none is named: there is nothing to "
            "explain. Name some by --documents, or choose another --target."
        )
    return chosen


def _each(
    source: Source, aim: Aim, explainer: Explainer, chosen: Sequence[str]
) -> Iterator[tuple[str, Explained | str]]:
    """Each document with its explanation, or with why it has none."""
    rows = source.documents(chosen)
    # What lies far behind the tokens of a model is not shown, and not scanned.
    seen = [explainer.tokens(row["text"]).seen + MARGIN for row in rows]
    parts = [
        row | {"text": row["text"][:end]} for row, end in zip(rows, seen, strict=True)
    ]
    for row, masked in zip(rows, masks(parts, source.config.pii), strict=True):
        doc_id = row["doc_id"]
        if masked is None:
            yield doc_id, _NO_SCAN
            continue
        made = explainer.explain(row, masked, aim.target(doc_id))
        yield doc_id, _NO_TOKENS if made is None else made


def _told(
    source: Source,
    aim: Aim,
    asked: Asked,
    summary: Summary,
    explained: Sequence[Explained],
    left_out: list[dict[str, str]],
    lexicons: Lexicons,
) -> dict[str, Any]:
    models = source.run.manifest.get("models", ())
    return {
        "isinglass_version": __version__,
        "run": source.run.facts,
        "models": [m for m in models if m["role"].startswith(("encoder", "tokenizer"))],
        "caution": CAUTION,
        "asked": {
            "target": aim.asked,
            "sample": asked.sample,
            "seed": asked.seed,
            "axis": summary.axis,
            "swaps": asked.swaps,
            "gap": asked.gap,
        },
        "number": _number_json(aim),
        "checks": _checks_json(explained),
        **summary_json(summary),
        "left_out": left_out,
        "documents": [document_json(one, lexicons) for one in explained],
    }


def _number_json(aim: Aim) -> dict[str, Any]:
    name = aim.targets[0].name
    if aim.clusters is not None:
        name = "cosine to the centroid of the document's own cluster"
    return {
        "name": name,
        "flag": aim.flag,
        "flagged": int(aim.flagged.sum()),
        "documents": len(aim.numbers),
        "mean": float(aim.numbers.mean()),
        "standard_deviation": aim.spread,
        "facts": dict(aim.facts),
    }


def _checks_json(explained: Sequence[Explained]) -> dict[str, Any]:
    errors = [o.attention.row_error for o in explained if o.attention is not None]
    return {
        "documents": len(explained),
        "complete": sum(one.attribution.complete for one in explained),
        "completeness_gap": max(one.attribution.off for one in explained),
        "rollout_row_error": max(errors, default=None),
        "number_error": max(
            abs(one.attribution.value - one.stored) for one in explained
        ),
    }


def check_folder(folder: Path, run: Path) -> None:
    """Refuse a folder that is a run's, or holds what is not ours.

    Raises:
        OutputError: It is that; names the fix.
    """
    if folder.resolve().is_relative_to(run.resolve()):
        raise OutputError(
            f"{folder} lies in the run folder, into which nothing is written. Name "
            "another one by --to."
        )
    held = list_folder(folder) if is_folder(folder) else []
    others = [path.name for path in held if path.name not in FILES]
    if others:
        raise OutputError(
            f"{folder} holds other files ({others[0]}). Name an empty or new folder by "
            "--to: only its owner can look into it afterwards."
        )


def write(made: Made, folder: Path) -> None:
    """Write page, JSON and statistics, for their owner alone."""
    make_private(folder)
    contents: tuple[str | bytes, ...] = (
        explanations_page(made.told, made.summary),
        json.dumps(made.told, indent=1, ensure_ascii=True) + "\n",
        made.statistics,
    )
    for name, content in zip(FILES, contents, strict=True):
        write_atomically(folder / name, content, secret=True)
