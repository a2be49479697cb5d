"""Files of kinds: what is wrong with one is said with file, key and fix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from isinglass.schemas.config.kinds import (
    Checksum,
    kind_files,
    known_kinds,
    place,
    read_kind_file,
)
from isinglass.schemas.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def brazil() -> dict[str, Any]:
    """What the file of Brazil says."""
    return kind_files()["br"].model_dump(mode="json", exclude_defaults=True)


def of_cpf(content: dict[str, Any]) -> dict[str, Any]:
    """What a file says of one number."""
    kind: dict[str, Any] = content["kinds"]["BR_CPF"]
    return kind


def read(folder: Path, content: object) -> None:
    path = folder / "xx.yaml"
    path.write_text(yaml.safe_dump(content))
    read_kind_file(path)


FAULTS: list[tuple[str, Callable[[dict[str, Any]], object], str]] = [
    (
        "misspelled",
        lambda content: of_cpf(content).update(treshold=0.5),
        "kinds.BR_CPF.treshold: unknown key; did you mean threshold?",
    ),
    ("missing", lambda content: content.pop("licence"), "licence: is missing"),
    (
        "no name",
        lambda content: of_cpf(content)["canary"].update(labels={"pt": ["CPF"]}),
        "kinds.BR_CPF.canary.labels: add `any`: what the kind is called",
    ),
    (
        "no weights",
        lambda content: of_cpf(content)["recognizers"][0].update(
            checksum={"kind": "weighted", "form": "x"}, check=None
        ),
        "recognizers.0.checksum: give weights and modulo for kind",
    ),
    (
        "no pattern",
        lambda content: of_cpf(content)["recognizers"][0].update(
            checksum={"kind": "luhn", "form": "[0-9"}, check=None
        ),
        "checksum.form: [0-9 is no regular expression; write",
    ),
    (
        "two checks",
        lambda content: of_cpf(content)["recognizers"][0].update(
            checksum={"kind": "luhn", "form": "x"}
        ),
        "recognizers.0: give check or checksum, not both",
    ),
    (
        "small letters",
        lambda content: content["kinds"].update(cpf=of_cpf(content)),
        "kinds: cpf: write an entity in capitals, such as BR_CPF",
    ),
    (
        "range",
        lambda content: of_cpf(content).update(threshold=5),
        "kinds.BR_CPF.threshold: 5 is refused; it must be at most 1",
    ),
]


def test_a_file_can_be_read_again(tmp_path: Path) -> None:
    read(tmp_path, brazil())


@pytest.mark.parametrize(
    ("fault", "said"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS]
)
def test_faults_are_named(
    tmp_path: Path, fault: Callable[[dict[str, Any]], object], said: str
) -> None:
    content = brazil()
    fault(content)
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, content)
    message = str(caught.value)
    assert message.startswith("transforms/resources/recognizers/xx.yaml was refused:")
    assert said in message


def test_what_is_no_yaml_is_named(tmp_path: Path) -> None:
    (tmp_path / "xx.yaml").write_text("kinds: [")
    with pytest.raises(ConfigError, match=r"xx\.yaml is not valid YAML"):
        read_kind_file(tmp_path / "xx.yaml")


def test_other_checksums_have_no_weights() -> None:
    with pytest.raises(ValueError, match="give weights and modulo"):
        Checksum(kind="luhn", form="[0-9]+", weights=(1, 2), modulo=10)


def test_no_kind_is_in_two_files() -> None:
    assert sum(len(file.kinds) for file in kind_files().values()) == len(known_kinds())
    assert place("BR_CPF") == "transforms/resources/recognizers/br.yaml: kinds.BR_CPF"
