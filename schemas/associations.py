"""Word sets and tests of associations: one YAML file a collection.

The files of the package are in `transforms/resources/associations/`; an evaluation may
name others. `isinglass schema associations` prints the same as JSON Schema.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from isinglass.schemas.config.base import Section

LEAST_WORDS = 2
"""Fewer words of a set tell nothing: a set of one has no spread."""

WordKind = Literal["name", "noun", "word"]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=60)]
Words = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=LEAST_WORDS)
]


class WordSet(Section):
    """Words that stand for something together."""

    words: Words = Field(description="As they are written, capitals included.")
    kind: WordKind = Field(
        "word", description="Which sentences they are put into: `templates` has them."
    )

    @model_validator(mode="after")
    def _check_words(self) -> Self:
        seen: set[str] = set()
        for word in self.words:
            if word != word.strip() or "\n" in word:
                raise ValueError(f"{word!r} begins or ends with a blank; remove it")
            if word in seen:
                raise ValueError(f"{word!r} stands there twice; remove one")
            seen.add(word)
        return self


class AssociationTest(Section):
    """Whether the first targets go with the first attributes, more than the second."""

    id: Id = Field(description="Names the test in statistics and gates.")
    title: str = Field(min_length=1, description="As the page calls it.")
    targets: tuple[Id, Id] = Field(description="Two sets of words.")
    attributes: tuple[Id, Id] = Field(description="Two sets of words.")


class AssociationFile(Section):
    """Word sets, and tests of them."""

    name: Id
    version: str = Field(min_length=1, description="Changes when a number could.")
    language: str = Field(pattern=r"^[a-z]{2,3}$", description="ISO 639 code.")
    source: str = Field(min_length=1, description="Where the words are from.")
    licence: str = Field(min_length=1, description="SPDX name where there is one.")
    sets: dict[Id, WordSet] = Field(min_length=1)
    tests: tuple[AssociationTest, ...] = Field(min_length=1)
    templates: dict[WordKind, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Sentences with {word} in them, by kind of word; {a} is a or an. "
        "Those that are given take the place of the packaged ones.",
    )

    @model_validator(mode="after")
    def _check_tests(self) -> Self:
        seen: set[str] = set()
        for test in self.tests:
            if test.id in seen:
                raise ValueError(f"the test {test.id} stands there twice; rename one")
            seen.add(test.id)
            for name in (*test.targets, *test.attributes):
                if name not in self.sets:
                    raise ValueError(f"test {test.id}: there is no set {name}")
            for one, other in (test.targets, test.attributes):
                self._check_pair(test.id, one, other)
        return self

    def _check_pair(self, test: str, one: str, other: str) -> None:
        """Two sets that are compared are of one kind and have no word in common."""
        first, second = self.sets[one], self.sets[other]
        if first.kind != second.kind:
            raise ValueError(
                f"test {test}: {one} holds a {first.kind} and {other} a {second.kind}; "
                "sentences would differ by more than the words"
            )
        both = [word for word in first.words if word in second.words]
        if both:
            raise ValueError(f"test {test}: {both[0]!r} is in {one} and in {other}")

    @model_validator(mode="after")
    def _check_templates(self) -> Self:
        for kind, sentences in self.templates.items():
            if not sentences:
                raise ValueError(f"templates: {kind} has no sentence; remove the key")
            for sentence in sentences:
                plain = sentence.replace("{a}", "")
                if plain.count("{word}") != 1 or set(
                    plain.replace("{word}", "")
                ).intersection("{}"):
                    raise ValueError(
                        f"templates: {sentence!r} must hold {{word}} once, and no "
                        "other braces but {a}"
                    )
        return self
