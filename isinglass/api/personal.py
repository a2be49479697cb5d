"""Personal data in texts in memory: found, and changed."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pydantic import ValidationError

from isinglass.api.texts import (
    as_column,
    batches,
    failure_column,
    language_tags,
    places,
)
from isinglass.schemas.answers import FOUND_PII, REDACTED
from isinglass.schemas.config import PiiConfig
from isinglass.schemas.config.load import refusal
from isinglass.schemas.config.pii import Mode, Operator
from isinglass.schemas.config.recognizers import RecognizersConfig
from isinglass.schemas.errors import ConfigError
from isinglass.transforms.edits import View, apply_edits
from isinglass.transforms.pii.operators.replacement import LEAST_KEY, writer
from isinglass.transforms.pii.scan import load_detector, pii_edits, scan
from isinglass.transforms.seen import known_languages

if TYPE_CHECKING:
    from isinglass.api.texts import Batch, Texts


def find_pii(
    texts: Texts,
    entities: Iterable[str] | None = None,
    mode: Mode | None = None,
    languages: str | Texts | None = None,
    *,
    pii: PiiConfig | None = None,
) -> pa.Table:
    """Find personal data in texts.

    Recognizers and models are loaded by the first call, and stay for later ones.

    Args:
        texts: A list of str or None, a pyarrow array of strings, or a pandas Series.
        entities: Kinds that are looked for, such as EMAIL_ADDRESS; by default those of
            a run. Which there are is in `docs/pii.md`.
        mode: `identifiers`: patterns and checksums, no names. `fast`: names as well,
            by own inference of the model. `exact`: the findings of stock Presidio. By
            default that of `pii`, else `identifiers`.
        languages: One tag for all texts, such as en, or one each (null if unknown).
            Languages that are not given are detected, if there is a model to be
            chosen. Names are looked for in languages with a model alone: in English,
            unless `pii.languages` names others.
        pii: The `pii` section of a run, for all else: recognizers of your own, models,
            thresholds, `max_seconds_per_document`.

    Returns:
        `schemas.answers.FOUND_PII`: one row a finding, and one a text that was not
        scanned; findings do not overlap. Values are not in it: `start` and `end` cut
        them out of the text.

    Raises:
        TypeError: `texts` is a single str, or holds something else than texts.
        ConfigError: An entity or a mode is not known, or the mode cannot find it.
        InputError: There is not one language for each text.
        MissingExtraError: A model is not installed.
    """
    section = pii_section(pii, entities, mode)
    detector = load_detector(section, time.monotonic)
    parts: list[pa.Table] = []
    for batch, view in _views(texts, languages, section):
        scanned = scan(detector, view.texts, view.languages)
        failed = batch.failed | _failed(batch, scanned.failures)
        parts.append(_found_table(batch, scanned.findings, failed))
    return pa.concat_tables([FOUND_PII.empty_table(), *parts])


def redact(
    texts: Texts,
    entities: Iterable[str] | None = None,
    mode: Mode | None = None,
    languages: str | Texts | None = None,
    *,
    operators: Mapping[str, Operator] | None = None,
    key: str | bytes | None = None,
    pii: PiiConfig | None = None,
) -> pa.Table:
    """Change personal data in texts.

    Args:
        texts: As for `find_pii`.
        entities: As for `find_pii`.
        mode: As for `find_pii`.
        languages: As for `find_pii`.
        operators: What is done with findings of a kind: replace (by `<KIND>`, the
            default), mask, redact, generalise, hash, surrogate or keep. What each
            leaves of a value is in `docs/pii.md`.
        key: Secret of at least 16 characters, of hashes, surrogates and `value_key`.
            Equal values get equal ones in all calls with one key; without a key they do
            in one call only.
        pii: As for `find_pii`.

    Returns:
        `schemas.answers.REDACTED`, one row a text, in order. A text that could not be
        scanned is null and has its `failure`: nothing unscanned is given back.

    Raises:
        TypeError: As for `find_pii`.
        ConfigError: As for `find_pii`; or an operator is not known or of a kind that
            is not looked for, or the key is too short.
        InputError: As for `find_pii`.
        MissingExtraError: As for `find_pii`.
    """
    section = pii_section(pii, entities, mode, operators)
    secret = _secret(key)
    detector = load_detector(section, time.monotonic)
    write, kind = writer(section, secret), REDACTED.field("spans").type
    parts: list[pa.Table] = []
    for batch, view in _views(texts, languages, section):
        applied = apply_edits(view, [pii_edits(detector, view, write)])
        failed = batch.failed | _failed(batch, applied.failures)
        alive = places(batch.rows[applied.alive] - batch.first, batch.size)
        columns = [
            applied.texts.take(alive),
            applied.lists(kind, [field.name for field in kind.value_type]).take(alive),
            failure_column(batch.first, batch.size, failed),
        ]
        parts.append(pa.Table.from_arrays(columns, schema=REDACTED))
    return pa.concat_tables([REDACTED.empty_table(), *parts])


def pii_section(
    pii: PiiConfig | None,
    entities: Iterable[str] | None,
    mode: str | None,
    operators: Mapping[str, str] | None = None,
) -> PiiConfig:
    """The `pii` section that parameters stand for; by default in mode identifiers.

    Of `entities` each has the operator and threshold of the section, or those of a run.
    A mode or operator that is given takes the place of those of the section.
    """
    if isinstance(entities, str):
        raise TypeError(
            f"entities is a single str; give a list, such as [{entities!r}]"
        )
    base, usual = pii or PiiConfig(mode="identifiers"), PiiConfig()
    names = base.entities if entities is None else entities
    chosen = {
        name: base.entities.get(name) or usual.settings_of(name) for name in names
    }
    kinds = {name: entity.model_dump() for name, entity in chosen.items()}
    for name, operator in (operators or {}).items():
        if name not in kinds:
            raise ConfigError(
                f"operators.{name}: this kind is not looked for; name it in entities"
            )
        kinds[name]["operator"] = operator
    section: dict[str, Any] = {**base.model_dump(), "entities": kinds}
    if entities is not None:
        # What the countries of the section add is among its kinds already.
        section["countries"] = ()
    if mode is not None:
        section["mode"] = mode
    try:
        made = PiiConfig.model_validate(section)
    except ValidationError as error:
        raise ConfigError(refusal(error)) from None
    if entities is not None:
        _check_found(made)
    return made


def _check_found(pii: PiiConfig) -> None:
    """Kinds that were asked for by name must not be passed over in silence."""
    if pii.mode != "identifiers" or pii.recognizers != RecognizersConfig():
        return
    # Reads a file of Presidio, which most calls need not.
    from isinglass.transforms.pii.installed_presidio import model_labels  # noqa: PLC0415

    for name in sorted(set(pii.entities) & set(model_labels().values())):
        raise ConfigError(
            f"entities: {name} is found by a model alone; give mode='fast', or leave "
            "it out"
        )


def _secret(key: str | bytes | None) -> bytes:
    if key is None:
        return secrets.token_bytes(LEAST_KEY)
    if len(key) < LEAST_KEY:
        raise ConfigError(
            f"key: {len(key)} characters can be guessed; give a secret of at least "
            f"{LEAST_KEY}, or none for a random one"
        )
    return key.encode() if isinstance(key, str) else key


def _views(
    texts: Texts, languages: str | Texts | None, section: PiiConfig
) -> Iterator[tuple[Batch, View]]:
    """Texts that can be processed, as the transforms see documents of a run."""
    column = as_column(texts)
    tags = language_tags(languages, len(column))
    for batch in batches(column):
        own = pa.nulls(len(batch.rows), pa.string())
        if tags is not None:
            own = tags.take(pa.array(batch.rows)).combine_chunks()
        documents = pa.RecordBatch.from_arrays(
            [batch.texts, own], names=["text", "language"]
        )
        # Without a model nothing depends on the language.
        known = known_languages(documents, detect=section.mode != "identifiers")
        yield batch, View.of(documents, known)


def _failed(batch: Batch, failures: pa.RecordBatch) -> dict[int, str]:
    rows = batch.rows[failures.column("row").to_numpy()].tolist()
    return dict(zip(rows, failures.column("reason").to_pylist(), strict=True))


def _found_table(
    batch: Batch, findings: pa.RecordBatch, failed: Mapping[int, str]
) -> pa.Table:
    """Findings, and a row for each text that was not scanned; by row and place."""
    rows = batch.rows[findings.column("row").to_numpy()]
    arrays = [pa.array(rows), *findings.columns[1:], pa.nulls(len(rows), pa.string())]
    found = pa.Table.from_arrays(arrays, schema=FOUND_PII)
    whole = np.arange(batch.first, batch.first + batch.size)
    missing = np.union1d(np.setdiff1d(whole, batch.rows), np.array([*failed], np.int64))
    if len(missing) == 0:
        return found
    reasons = pa.array([failed.get(row) for row in missing.tolist()], pa.string())
    others = pa.table({"row": missing, "failure": reasons})
    both = pa.concat_tables([found, others], promote_options="default")
    order = np.argsort(both["row"].to_numpy(), kind="stable")
    return both.take(pa.array(order)).cast(FOUND_PII)
