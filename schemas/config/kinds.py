"""The kinds of personal data: all that is known of each, from a file a country.

The files are in `transforms/resources/recognizers/`. What a pattern, a check or an
invented value means there is said by the fields below; `isinglass.transforms.pii` uses
them. Here they are read for the defaults of the configuration.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from isinglass.schemas.config.base import Section
from isinglass.schemas.config.explain import explain
from isinglass.schemas.errors import ConfigError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

Proof = Literal["always", "separated", "never"]
"""What a check that holds is worth.

- always: the value is certain and scores 1;
- separated: so it is if the value holds more than digits (letters or separators). A
  bare run of digits passes a check digit by chance once in ten or so: it keeps the
  score of its pattern, and needs a context word to count;
- never: the score of the pattern stays in any case.

A check that fails always rejects the value."""

_FOLDER = "transforms/resources/recognizers"
_LAST = 1000


class Checksum(Section):
    """A check digit of a general kind, over a value without blanks . / and hyphens.

    A value that repeats one character fails. Letters count as 10 to 35.
    """

    kind: Literal["weighted", "luhn", "verhoeff"]
    form: str = Field(description="Pattern of the whole value, in capitals.")
    weights: tuple[int, ...] = Field(
        (), description="By character, the check digit too; later characters are free."
    )
    modulo: int = Field(0, ge=0, description="What divides the weighted sum.")

    @field_validator("form")
    @classmethod
    def _is_a_pattern(cls, form: str) -> str:
        try:
            re.compile(form)
        except re.error:
            msg = f"{form} is no regular expression; write as in [0-9]{{9}}"
            raise ValueError(msg) from None
        return form

    @model_validator(mode="after")
    def _weighted_alone_has_weights(self) -> Self:
        if (self.kind == "weighted") != bool(self.weights and self.modulo):
            msg = "give weights and modulo for kind weighted, and for no other"
            raise ValueError(msg)
        return self


class PatternEntry(Section):
    """One pattern of a recognizer."""

    name: str = Field(description="Shown as the rule of a finding.")
    regex: str = Field(description="For the `regex` module; <name> is a macro.")
    score: float = Field(gt=0, lt=1, description="Before check and context.")


class Recognizer(Section):
    """One way to find a kind. Several may find the same."""

    rule: str
    gate: str = Field(
        description="Byte pattern that occurs in every text with a match, and ends in "
        "or right behind the match. Each text is scanned by itself, so it may demand "
        "a border on both sides; <name> is a macro."
    )
    window: Literal["line", "token", "text"] = Field(
        description="What the patterns are shown around a hit of the gate."
    )
    patterns: tuple[PatternEntry, ...] = Field(min_length=1)
    checksum: Checksum | None = Field(None, description="What a value must pass.")
    check: str | None = Field(
        None,
        description="module.function of transforms/pii/checks that a value must pass, "
        "where there is more to look at than a checksum.",
    )
    proof: Proof = "always"
    context: tuple[str, ...] = Field((), description="Words that raise the score.")
    examples: tuple[str, ...] = Field(
        (), description="Published or made-up values; each pattern matches one."
    )

    @model_validator(mode="after")
    def _has_one_check(self) -> Self:
        if self.check is not None and self.checksum is not None:
            msg = "give check or checksum, not both; a check can look at the checksum"
            raise ValueError(msg)
        return self


class InventedValue(Section):
    """How a value that is planted is written.

    In a template # is a digit, ~ a digit from 1 to 9, % a lower case hexadecimal
    digit, ^ a capital letter, & a letter or digit, | a base32 character (A-Z, 2-7), and
    ? a character out of `alphabet`, computed so that a check of the kind holds. The
    detector tests with the same check, so recall says nothing about a wrong one; values
    that others published do.
    """

    template: str
    alphabet: str = "0123456789"
    before: str = Field("", description="Always stands there, no part of the value.")
    after: str = Field("", description="Always stands there, no part of the value.")
    region: str | None = Field(
        None, description="Planted only where pii.phone_regions has it."
    )


class Canary(Section):
    """Values that are planted to measure what detection misses."""

    nobody: str = Field(description="Why they name no real person, account or host.")
    labels: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="What the kind is called, by language; `any` where a language has "
        "no name for it. Kinds without labels are planted without a name.",
    )
    values: tuple[InventedValue, ...] = Field(min_length=1)

    @field_validator("labels")
    @classmethod
    def _has_a_name_in_any_language(
        cls, labels: dict[str, tuple[str, ...]]
    ) -> dict[str, tuple[str, ...]]:
        if labels and not labels.get("any"):
            msg = "add `any`: what the kind is called where a language has no name"
            raise ValueError(msg)
        return labels


class NeverIssued(Section):
    """Numbers that nobody has, out of which surrogates are drawn."""

    prefix: str = Field(pattern="^[0-9]+$", description="Digits that they begin with.")
    digits: int = Field(description="In the whole number.")


class Kind(Section):
    """All that is known of one kind of personal data."""

    threshold: float = Field(ge=0, le=1, description="Findings below are ignored.")
    default: bool = Field(description="Whether it is looked for by default.")
    found: str = Field(description="For docs/pii.md: what is found.")
    certain: str = Field("", description="For docs/pii.md: what makes it certain.")
    missed: str = Field(description="For docs/pii.md: what is not.")
    recognizers: tuple[Recognizer, ...] = ()
    reserved: str | None = Field(
        None, description="module.function of transforms/pii/checks: names nobody."
    )
    never_issued: NeverIssued | None = None
    canary: Canary | None = None
    second_scan: tuple[str, ...] = Field(
        (), description="Wide patterns in RE2 syntax, tried near four close digits."
    )


class LanguageRow(Section):
    """What docs/pii.md says of texts in a language."""

    language: str
    found: str
    missed: str


class KindFile(Section):
    """One file of `transforms/resources/recognizers`."""

    name: str
    language: str
    version: str
    source: str
    licence: str
    order: int = Field(
        _LAST, description="Place among the files in lists; equal ones go by name."
    )
    country: str | None = None
    language_rows: tuple[LanguageRow, ...] = ()
    macros: dict[str, str] = Field(default_factory=dict)
    reserved: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    kinds: dict[str, Kind]

    @field_validator("kinds")
    @classmethod
    def _named_like_entities(cls, kinds: dict[str, Kind]) -> dict[str, Kind]:
        for name in kinds:
            if re.fullmatch("[A-Z][A-Z_]*", name) is None:
                raise ValueError(f"{name}: write an entity in capitals, such as BR_CPF")
        return kinds


def read_kind_file(path: Traversable) -> KindFile:
    """Read one file; what is wrong in it is refused by its key."""
    where = f"{_FOLDER}/{path.name}"
    try:
        content: Any = yaml.load(path.read_bytes(), yaml.CSafeLoader)
        return KindFile.model_validate(content)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" near line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{where} is not valid YAML{line}.") from None
    except ValidationError as error:
        raise ConfigError(f"{where} was refused:\n{explain(error, KindFile)}") from None


@cache
def kind_files() -> dict[str, KindFile]:
    """Every file by its name without ending, in the order of lists."""
    folder = files("isinglass").joinpath(*_FOLDER.split("/"))
    paths = [path for path in folder.iterdir() if path.name.endswith(".yaml")]
    found = {path.name.removesuffix(".yaml"): read_kind_file(path) for path in paths}
    return dict(sorted(found.items(), key=lambda item: (item[1].order, item[0])))


@cache
def known_kinds() -> dict[str, Kind]:
    """Every kind by its entity, in the order of lists."""
    return {
        entity: kind
        for file in kind_files().values()
        for entity, kind in file.kinds.items()
    }


def place(entity: str) -> str:
    """File and key of a kind, for messages."""
    stems = (stem for stem, file in kind_files().items() if entity in file.kinds)
    return f"{_FOLDER}/{next(stems)}.yaml: kinds.{entity}"
