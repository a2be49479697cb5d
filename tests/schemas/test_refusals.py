"""Every key of the configuration, given values of every type: what is said of them."""

from __future__ import annotations

import copy
import datetime as dt
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel

from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.run import Request, prepare
from isinglass.schemas.config import RunConfig, load_config
from isinglass.schemas.config.base import local
from isinglass.schemas.errors import ConfigError, RefuseError

SMALLEST: dict[str, Any] = {"inputs": [{"path": "corpus"}], "output": "out"}

VALUES: tuple[Any, ...] = (
    *("x", "", "\0", "é" * 300, b"x", "s3://bucket/x"),
    *(0, -1, 3.7, 10**30, float("nan"), float("inf"), True, None),
    *(dt.date(2020, 1, 1), [], [1], ["x"], [None], [[]], [{}]),
    *({}, {"a": 1}, {1: 2}, {"a": {}}),
)

FOREIGN = re.compile(
    r"valid (tuple|string|integer|list|dict|number|boolean|dictionary)|Input should|"
    r"[Pp]ydantic|type=|Field required|Arrow|Traceback|literal\[|dict\[|\[key\]|"
    r"yaml\.|Error\b|not match|\^|<class|None\b|NoneType|Undefined|object is",
)
"""Words of libraries and of Python, by which a user knows nothing."""


def models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in models(inner)]


def keys(
    model: type[BaseModel], above: tuple[Any, ...] = ()
) -> Iterator[tuple[Any, ...]]:
    """The path of each key below a section, through lists and named entries."""
    for name, field in model.model_fields.items():
        path = (*above, name)
        yield path
        kind = str(field.annotation)
        within = {"tuple[": (0,), "dict[": ("any",)}
        inner = next((step for mark, step in within.items() if mark in kind), ())
        for section in models(field.annotation):
            yield from keys(section, (*path, *inner))


def changed(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The smallest configuration with a value at a path."""
    whole = copy.deepcopy(SMALLEST)
    node: Any = whole
    for here, following in pairwise(path):
        if isinstance(node, dict) and not node.get(here):
            node[here] = [{}] if following == 0 else {}
        node = node[here]
    node[path[-1]] = value
    return whole


def test_the_walk_reaches_the_far_ends_of_the_configuration() -> None:
    found = set(keys(RunConfig))
    assert len(found) > 120
    assert ("pii", "recognizers", "deny", 0, "file") in found
    assert ("balance", "axes", "any", "target") in found


@pytest.mark.parametrize("section", sorted(RunConfig.model_fields))
def test_what_is_refused_is_named_in_our_words(section: str) -> None:
    refused = 0
    for path in keys(RunConfig):
        for value in VALUES if path[0] == section else ():
            text = yaml.safe_dump(changed(path, value), allow_unicode=True)
            try:
                load_config(text)
            except ConfigError as error:
                refused += 1
                said = str(error)
                # What was given is repeated, and may be anything.
                assert not FOREIGN.search(said), (path, value, said)
                assert str(path[0]) in said, (path, value)
                if value != {1: 2}:
                    assert "another value" not in said, (path, value, said)
    assert refused > 5


PLACES = [
    ("inputs", 0, "path"),
    ("output",),
    ("dedup", "against", 0),
    ("decontaminate", "files", 0),
    ("erase", "list"),
    ("encode", "model"),
    ("encode", "tokenizer"),
    ("pii", "languages", "en"),
    ("pii", "recognizers", "files", 0),
    ("pii", "recognizers", "deny", 0, "file"),
    ("pii", "recognizers", "allow", 0, "file"),
]


@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize("named", ["s3://b/x", "gs:/b/x", "https://h/x"])
def test_an_address_is_refused_wherever_a_path_may_stand(
    path: tuple[Any, ...], named: str
) -> None:
    where = ".".join(map(str, path))
    given = changed(path[:-1], [named]) if path[-1] == 0 else changed(path, named)
    with pytest.raises(ConfigError) as refusal:
        load_config(yaml.safe_dump(given))
    assert f"{where}: {named} is an address; these are not" in str(refusal.value)


@pytest.mark.parametrize("path", PLACES)
def test_what_no_path_can_be_is_refused(path: tuple[Any, ...]) -> None:
    given = changed(path[:-1], ["a\0"]) if path[-1] == 0 else changed(path, "a\0")
    with pytest.raises(ConfigError, match="holds no NUL character; remove it"):
        load_config(yaml.safe_dump(given))


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"dedup": {"against": ["~nosuchuser/x"]}}, "dedup.against: ~nosuchuser/x st"),
        ({"erase": {"list": "~nosuchuser/x"}}, "erase.list: ~nosuchuser/x starts"),
        ({"decontaminate": ["~nosuchuser/x"]}, "decontaminate.files: path '~nosuchus"),
        (
            {"pii": {"recognizers": {"files": ["~nosuchuser/x"]}}},
            "pii.recognizers: ~nosuchuser/x starts with the home folder of an unknown",
        ),
    ],
)
def test_a_home_that_is_not_there_is_said(
    tmp_path: Path, section: dict[str, Any], said: str
) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.jsonl").write_text('{"text": "a"}\n')
    config = RunConfig.model_validate(SMALLEST | section)
    request = Request(config, "clean", tmp_path, Execution(config.beam))
    with pytest.raises(RefuseError, match=re.escape(said)):
        prepare(request)


@pytest.mark.parametrize(
    "named", ["hf:json", "C:\\data", "a/b:c", "a:b/c", "data:x", "/s3/x", "x y://"]
)
def test_other_names_are_no_addresses(named: str) -> None:
    assert local(named) == named


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pii: {mode: 3}", "pii.mode: 3 is none of fast, exact or identifiers"),
        (
            "balance: {axes: {gender: {target: even}}}",
            "target: even is none of parity; or even is refused; write keys with",
        ),
        (
            "balance: {axes: {gender: {target: {a: x}}}}",
            "gender.target.a: x is refused; write a number",
        ),
        (
            "encode: {device: gpu}",
            "encode.device: gpu is refused. `auto`, `cpu`, `cuda`",
        ),
        ("name: a b", "name: a b is refused. Run name: a letter or digit, then also"),
    ],
)
def test_a_refusal_says_what_to_write(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        load_config(f"inputs: [{{path: corpus}}]\noutput: out\n{text}\n")
    assert str(refusal.value).splitlines()[1:] == [
        line for line in str(refusal.value).splitlines()[1:] if said in line
    ]
