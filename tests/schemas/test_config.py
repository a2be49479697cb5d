"""Configuration: what is accepted, what is refused, and what the refusal says."""

from __future__ import annotations

from typing import get_args

import pytest
from pydantic import ValidationError

from isinglass.cli.init import Profile, profile_text
from isinglass.pipelines.stages import STAGES
from isinglass.schemas.config import RunConfig, load_config
from isinglass.schemas.config.pii import default_entities
from isinglass.schemas.errors import ConfigError

SMALLEST = "inputs: [{path: corpus}]\noutput: out\n"


def test_absent_sections_are_off() -> None:
    config = load_config(SMALLEST)
    assert (config.dedup, config.pii, config.balance, config.encode) == (None,) * 4
    assert config.limits.max_quarantine_rate == 0.01


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SMALLEST + "dedupe: {}", "dedupe: unknown key; did you mean dedup?"),
        (
            SMALLEST + "dedup: {bandz: 3}",
            "dedup.bandz: unknown key; did you mean bands?",
        ),
        (
            "inputs: [{path: x, colums: {}}]\noutput: o",
            "inputs.0.colums: unknown key; did you mean columns?",
        ),
        (
            "inputs: [{path: x, columns: {txt: a}}]\noutput: o",
            "inputs.0.columns.txt: unknown key; did you mean text?",
        ),
        (
            SMALLEST + "pii: {entities: {PERSON: {operatr: mask}}}",
            "pii.entities.PERSON.operatr: unknown key; did you mean operator?",
        ),
        (
            SMALLEST + "xyzzy: 1",
            "xyzzy: unknown key; known keys: balance, beam, decontaminate, dedup",
        ),
        (
            SMALLEST + "dedup: {threshold: 2}",
            "dedup.threshold: 2 is refused; it must be at most 1",
        ),
        (SMALLEST + "balance: {bounds: [2, 3]}", "bounds must satisfy"),
        ("output: o", "inputs: is missing; add it"),
        ("inputs: []\noutput: o", "inputs: has too few or too many entries; give at"),
        ("inputs: x\noutput: o", "inputs: x is refused; write a list"),
        ("inputs: [x]\noutput: o", "inputs.0: x is refused; write a section with keys"),
        ("inputs: [{path: x}]\noutput: 3", "output: 3 is refused; write text"),
        ("inputs: [{path: x}]\noutput:", "output: an empty value is refused"),
        (SMALLEST + "seed: 1.5", "seed: 1.5 is refused; write a whole number"),
        (SMALLEST + "dedup: yes", "dedup: true is refused; write a section with keys"),
        (SMALLEST + "dedup: {threshold: high}", "high is refused; write a number"),
        (SMALLEST + "pii: {entities: [IP]}", "pii.entities: a list is refused; write"),
        (SMALLEST + "beam: {mode: x}", "beam.mode: x is none of auto, in_memory"),
        (
            SMALLEST + "stages: [{use: x}]",
            "stages.0.use: x is refused. `module:Class`.",
        ),
        (SMALLEST + "3: 4", "3: a key must be text"),
        ("a: [", "not valid YAML near line 1: look for a missing bracket"),
        ("a:\n\t- b", "near line 2: it is indented by a tab"),
        ("a: b\nc: d: e", "near line 2: a value that holds a colon"),
        ("a: b\n---\nc: d", "near line 2: it holds more than one document"),
        ("a: !!python/name:x y", "near line 1: it holds a tag"),
        ("a: b\nc: {d: 1}\na: c", "has the key a twice, again on line 3"),
        ("a: b\nc: {d: 1, d: 2}", "has the key d twice, again on line 2"),
        ("just text", "is a single value; it must be keys with values"),
        ("- a", "is a list; it must be keys with values"),
        ("", "is empty"),
        ("# nothing", "is empty"),
    ],
)
def test_a_refusal_names_the_key_and_the_fix_in_our_words(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        load_config(text)
    assert said in str(refusal.value)
    for word in ("Input", "Field", "tuple", "dictionary", "Value error", "<unicode"):
        assert word not in str(refusal.value)


def test_a_value_that_may_be_a_name_is_not_shown() -> None:
    deny = "pii: {recognizers: {deny: [{entity: PERSON, values: [[Jane]]}]}}"
    single = "pii: {recognizers: {deny: [{entity: PERSON, values: Jane}]}}"
    for text in (deny, single):
        with pytest.raises(ConfigError) as refusal:
            load_config(SMALLEST + text)
        assert "values" in str(refusal.value)
        assert "Jane" not in str(refusal.value)


def test_a_key_that_is_merged_in_may_stand_there_as_well() -> None:
    text = "inputs: [&a {path: x}, {<<: *a, path: y}]\noutput: o"
    assert [item.path for item in load_config(text).inputs] == ["x", "y"]


def test_a_refused_element_does_not_also_make_its_list_too_short() -> None:
    with pytest.raises(ConfigError) as refusal:
        load_config("inputs: [{path: x, colums: {}}]\noutput: o")
    assert "at least 1" not in str(refusal.value)


def test_overrides_reach_sections_lists_and_values() -> None:
    config = load_config(
        SMALLEST,
        ["dedup.bands=20", "inputs.0.source=web", "pii.entities={EMAIL_ADDRESS: {}}"],
    )
    assert config.dedup is not None
    assert config.dedup.bands == 20
    assert config.inputs[0].source == "web"
    assert config.pii is not None
    assert list(config.pii.entities) == ["EMAIL_ADDRESS"]


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("dedup.bands", "write it as path.to.key=value"),
        ("inputs.7.source=x", "7 is not an index into a list of 1"),
        ("output.x=1", "output holds a single value"),
        ("dedup.bands=[", "not valid YAML"),
    ],
)
def test_a_malformed_override_is_refused(override: str, said: str) -> None:
    with pytest.raises(ConfigError, match="--set") as refusal:
        load_config(SMALLEST, [override])
    assert said in str(refusal.value)


LISTS = "inputs: [{path: corpus}, null]\noutput: out\n"


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["gates=[x]", "gates.0.metric=x"], "gates.0.metric: 0 holds a single value"),
        (["gates=[[x]]", "gates.0.0.a=x"], "gates.0.0.a: 0 holds a single value"),
        (["gates=[3]", "gates.0.0=x"], "gates.0.0: 0 holds a single value"),
        (["inputs.\u00b2.path=x"], "\u00b2 is not an index into a list of 2"),
        (["inputs.-1.path=x"], "-1 is not an index into a list of 2"),
        (["inputs." + "9" * 5000 + "=x"], "is not an index into a list of 2"),
        (["seed=2024-13-45"], "seed: the value is not valid YAML"),
        (["seed=" + "[" * 5000], "seed: the value is not valid YAML"),
    ],
)
def test_an_override_through_a_list_names_its_path(
    overrides: list[str], said: str
) -> None:
    with pytest.raises(ConfigError, match="--set") as refusal:
        load_config(LISTS, overrides)
    assert said in str(refusal.value)


def test_an_override_fills_an_empty_element() -> None:
    config = load_config(LISTS, ["inputs.1.path=more", "inputs.1.source=b"])
    assert [item.path for item in config.inputs] == ["corpus", "more"]


def test_an_impossible_date_is_no_yaml() -> None:
    with pytest.raises(ConfigError, match="not valid YAML"):
        load_config("inputs: [{path: 2024-13-45}]\noutput: out\n")


def test_a_configuration_cannot_be_changed_afterwards() -> None:
    config = load_config(SMALLEST)
    with pytest.raises(ValidationError):
        config.seed = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("encoding=utf-99", "utf-99 is no encoding; write for example utf-16"),
        ("encoding=hex", "hex is no encoding"),
        ("delimiter='||'", "'||' is not one ASCII character"),
        ("delimiter=§", "'§' is not one ASCII character"),
        ('delimiter="\\n"', "is not one ASCII character"),
        ("delimiter=''", "an empty delimiter would make each file one column"),
        ("quote=ab", "'ab' is not one ASCII character"),
        ("escape='\"'", "a doubled quote is always read as one"),
        ("delimiter='\"'", "delimiter, quote and escape must differ"),
    ],
)
def test_how_an_input_cannot_be_written(override: str, said: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        load_config(SMALLEST, [f"inputs.0.{override}"])
    assert said in str(refusal.value)


def test_how_an_input_can_be_written() -> None:
    settings = ["delimiter='|'", "quote=''", "escape='\\'", "encoding=Latin1"]
    config = load_config(SMALLEST, [f"inputs.0.{setting}" for setting in settings])
    (item,) = config.inputs
    written = (item.delimiter, item.quote, item.escape, item.encoding)
    assert written == ("|", "", "\\", "Latin1")


@pytest.mark.parametrize("profile", get_args(Profile))
def test_every_profile_is_a_valid_configuration(profile: Profile) -> None:
    config = load_config(profile_text(profile))
    assert config.name == profile


def test_the_full_profile_shows_the_defaults() -> None:
    """Its comments say that the values are the defaults, so they must be."""
    shown = load_config(profile_text("web-en"))
    bare = RunConfig.model_validate(
        {
            "inputs": [{"path": "x"}],
            "output": "o",
            "dedup": {},
            "pii": {},
            "balance": {},
            "encode": {"semantic": {}},
        }
    )
    for section in ("dedup", "pii", "balance", "encode", "limits"):
        assert getattr(shown, section) == getattr(bare, section), section


def test_the_profile_without_a_model_looks_for_all_but_names() -> None:
    shown = load_config(profile_text("identifiers"))
    assert shown.pii is not None
    expected = default_entities()
    del expected["PERSON"]
    assert shown.pii.entities == expected


@pytest.mark.parametrize("profile", get_args(Profile))
def test_a_profile_shows_what_is_asked_without_it(profile: Profile) -> None:
    shown = load_config(profile_text(profile))
    asked = [gate for stage in STAGES for gate in stage.asks(shown)]
    assert {gate.metric for gate in asked} == {
        "dedup.missed",
        "dedup.false_removals",
        "group.retention_parity",
    }
    assert all(gate in shown.gates for gate in asked)
