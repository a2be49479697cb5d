"""The columns of all files of all inputs -> the columns of the run."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from isinglass.schemas.config import InputConfig, RunConfig
from isinglass.schemas.documents import Layout
from isinglass.schemas.errors import InputError
from isinglass.schemas.tables import DATA, DOCUMENTS, DRAWN
from isinglass.transforms.read.batches import EXTRA_ROLE
from isinglass.transforms.read.checks import is_text_type
from isinglass.transforms.read.class_labels import ClassLabel, note_names
from isinglass.transforms.read.folders import folder_values
from isinglass.transforms.read.types import carried_type, plain_type

if TYPE_CHECKING:
    from isinglass.pipelines.plan.probe import PlannedInput

EXTRA = "extra"
"""Carried column with the JSON keys that no other column takes."""

_LISTED_COLUMNS = 20
_NAME = re.compile(r"(?!.*\d{5})[\w.:/-]{1,40}")
"""What is longer, or holds blanks or a number, may be a text, and is not repeated."""

_DOUBLE_DIGITS = 15
_USUAL_TEXT_COLUMNS = ("text", "content", "raw_content", "body", "document", "article")


@dataclass(frozen=True)
class InputFiles:
    """An input and its files."""

    index: int
    config: InputConfig
    files: tuple[PlannedInput, ...]


def make_layout(config: RunConfig, inputs: Iterable[InputFiles]) -> Layout:
    """Check the column mapping against every file, and unite the other columns.

    A file is refused that lacks a mapped column, or has it of an unusable type.
    """
    types: dict[str, list[pa.DataType]] = {}
    has_json = False
    for item in inputs:
        for file in item.files:
            # An empty file adds no column, but may be JSON lines all the same.
            has_json = has_json or file.format == "jsonl"
            known = dict.fromkeys(folder_values(file.path), pa.string())
            known |= file.columns or {}
            if file.columns is not None:
                _check(item, file, known)
            mapped = vars(item.config.columns).values()
            for name, data_type in known.items():
                if name not in mapped:
                    # What is nested in JSON is written as JSON.
                    nested = pa.types.is_nested(data_type)
                    as_json = nested and file.format == "jsonl"
                    found = pa.string() if as_json else data_type
                    types.setdefault(name, []).append(found)
    reserved = {*DATA.names, *DRAWN, *DOCUMENTS.names, *([EXTRA] if has_json else [])}
    outputs = _output_names(list(types), reserved)
    fields = [pa.field(outputs[name], unify(found)) for name, found in types.items()]
    if has_json:
        fields.append(pa.field(EXTRA, pa.string(), metadata=EXTRA_ROLE))
    labels = {
        field.name: field.type.names
        for field in fields
        if isinstance(field.type, ClassLabel)
    }
    carried = [field.with_type(plain_type(field.type)) for field in fields]
    return Layout(
        columns=tuple(item.columns for item in config.inputs),
        carried=pa.schema(carried, metadata=note_names(labels)),
        renamed={new: old for old, new in outputs.items() if new != old},
        max_chars=config.limits.max_document_chars,
    )


def unify(types: list[pa.DataType]) -> pa.DataType:
    """Return one type to carry a column that has these types in different files.

    Numbers widen; types that do not meet, and nested or temporal types that differ,
    are strings, and so are labels whose names differ.
    """
    labels = {found.names for found in types if isinstance(found, ClassLabel)}
    known = [found for found in map(carried_type, types) if not pa.types.is_null(found)]
    uuids = [isinstance(found, pa.UuidType) for found in types]
    if not known or (any(uuids) and not all(uuids)):
        return pa.string()
    if labels:
        one = len(labels) == 1 and all(map(pa.types.is_integer, known))
        return ClassLabel(pa.int64(), *labels) if one else pa.string()
    if all(data_type == known[0] for data_type in known):
        return known[0]
    if _must_be_text(known):
        return pa.string()
    schemas = [pa.schema([("column", data_type)]) for data_type in known]
    try:
        united = pa.unify_schemas(schemas, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.string()
    return plain_type(united.field(0).type)


def _must_be_text(types: list[pa.DataType]) -> bool:
    """Whether no other type holds all values of these types, which differ."""
    # Nanoseconds end in 2262, and int64 does not hold all of uint64.
    unmixable = (pa.types.is_nested, pa.types.is_temporal, pa.types.is_uint64)
    decimals = [found for found in types if pa.types.is_decimal(found)]
    beyond_double = any(found.precision > _DOUBLE_DIGITS for found in decimals)
    return any(is_kind(found) for is_kind in unmixable for found in types) or (
        beyond_double and any(map(pa.types.is_floating, types))
    )


def _output_names(names: list[str], reserved: set[str]) -> dict[str, str]:
    """Name the carried columns; one that is called like one of ours gets a prefix."""
    outputs = {name: name for name in names if name not in reserved}
    taken = reserved | set(outputs)
    for name in names:
        if name in outputs:
            continue
        output = f"input_{name}"
        while output in taken:
            output = f"input_{output}"
        outputs[name] = output
        taken.add(output)
    return outputs


def _check(item: InputFiles, file: PlannedInput, known: dict[str, pa.DataType]) -> None:
    """Check the mapping of a file."""
    columns, path = item.config.columns, file.opened
    named = {field: name for field, name in vars(columns).items() if name is not None}
    del named["text"]
    text = known.get(columns.text)
    if text is None:
        raise _missing(item, file, "text", columns.text)
    if file.format != "jsonl" and not is_text_type(plain_type(text)):
        raise InputError(
            f"{path}: column {columns.text} is a {_told(text)}, not a string. "
            f"{_advice(item, known, 'text', columns.text)}"
        )
    for field, name in named.items():
        data_type = known.get(name)
        if data_type is None:
            if field in columns.model_fields_set:
                raise _missing(item, file, field, name)
        elif not is_usable(data_type, is_id=field == "id"):
            raise InputError(
                f"{path}: column {name} is a {_told(data_type)}, and `{field}` must be "
                f"{_WANTED[field == 'id']}. Name another column, or set "
                f"`inputs[{item.index}].columns.{field}: null` to carry it through."
            )


_WANTED = {False: "a single value", True: "a text, a number or a UUID"}


def is_usable(data_type: pa.DataType, *, is_id: bool) -> bool:
    """Tell whether a column of this type can tell what one of our columns holds."""
    data_type = plain_type(data_type)
    if is_id and (pa.types.is_boolean(data_type) or pa.types.is_interval(data_type)):
        return False
    return not pa.types.is_nested(data_type)


def _missing(item: InputFiles, file: PlannedInput, field: str, name: str) -> InputError:
    seen = " (in its first records)" if file.format == "jsonl" else ""
    return InputError(
        f"{file.opened} has no column {name} for `{field}`{seen}. "
        f"{_advice(item, file.columns or {}, field, name)}"
    )


def _advice(item: InputFiles, known: Iterable[str], field: str, name: str) -> str:
    """The columns that are there, and the one that was probably meant."""
    names = list(known)
    more = len(names) - _LISTED_COLUMNS
    shown = ", ".join(map(_shown, names[:_LISTED_COLUMNS]))
    listed = f"{shown} and {more} more" if more > 0 else shown or "none"
    others = [column for column in names if column != name]
    near = difflib.get_close_matches(name, others, n=1, cutoff=0.6)
    usual = [column for column in _USUAL_TEXT_COLUMNS if column in others]
    meant = next(iter([*near, *usual]), "NAME")
    fix = f"Set `columns: {{{field}: {meant}}}` in inputs[{item.index}]."
    return f"Its columns: {listed}. {fix}"


def _shown(name: str) -> str:
    """The name of a column, unless it may be a text of a file without a header."""
    return name if _NAME.fullmatch(name) else f"one of {len(name):,} characters"


def _told(data_type: pa.DataType) -> str:
    # Field names inside a struct say nothing here and can be very many.
    if pa.types.is_struct(data_type):
        return "struct"
    return "list" if pa.types.is_nested(data_type) else str(data_type)
