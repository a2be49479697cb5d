from __future__ import annotations

import logging

import pytest

from isinglass.pipelines.preflight import check_config
from isinglass.schemas.config import RunConfig
from isinglass.schemas.errors import ConfigError


def config(runner: str) -> RunConfig:
    return RunConfig.model_validate(
        {"inputs": [{"path": "x"}], "output": "y", "beam": {"runner": runner}}
    )


def test_a_runner_that_was_never_tried_is_told_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        check_config(config("FlinkRunner"), (), ())
    assert caplog.text.count("never tried") == 1


def test_a_runner_that_groups_wrongly_is_refused() -> None:
    with pytest.raises(ConfigError, match="DaskRunner groups nothing but integer keys"):
        check_config(config("DaskRunner"), (), ())
