"""What can be known to be wrong before anything is read or written."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from isinglass.pipelines.engine.runner import resolve_runner
from isinglass.pipelines.gather import RUN_METRICS
from isinglass.schemas.errors import ConfigError
from isinglass.transforms.demographics.balance import check_targets
from isinglass.transforms.demographics.lexicon import group_names
from isinglass.transforms.statistics.characteristics import CHARACTERISTICS
from isinglass.transforms.statistics.gates import evaluate_gates

if TYPE_CHECKING:
    from isinglass.pipelines.identity import Verb
    from isinglass.schemas.config import RunConfig


def check_config(
    config: RunConfig, verb: Verb, beam_arguments: tuple[str, ...]
) -> None:
    """Refuse names that no later stage would know.

    Raises:
        ConfigError: An unknown runner, entity, phone region, axis, group, metric or
            slice column; `encode` without its section; a word that is no option.
    """
    resolve_runner(config.beam.runner)
    for argument in beam_arguments:
        if not argument.startswith("--"):
            msg = f"{argument} is not an option for Beam; write it as --name=value."
            raise ConfigError(msg)
    if verb == "encode" and config.encode is None:
        msg = "encode: the configuration has no `encode` section; add `encode: {}`."
        raise ConfigError(msg)
    _check_survey(config)
    if config.balance is not None:
        check_targets(config.balance, group_names())
    if config.pii is not None:
        # Presidio takes seconds to import; a run without PII needs none of it.
        from isinglass.transforms.pii.identifiers import (  # noqa: PLC0415
            IdentifierScanner,
        )
        from isinglass.transforms.pii.plugins.allow import Allowed  # noqa: PLC0415

        IdentifierScanner.build(config.pii)
        Allowed.of(config.pii.recognizers)
    evaluate_gates(config.gates, [])
    for gate in config.gates:
        _check_metric(gate.metric)


def _check_survey(config: RunConfig) -> None:
    """What later sections need of the survey."""
    if config.balance is not None and not config.survey.count_mentions:
        msg = "balance needs survey.count_mentions: true."
        raise ConfigError(msg)
    if (
        config.pii is not None
        and config.pii.mode != "identifiers"
        and not config.survey.detect_languages
    ):
        msg = (
            f"pii.mode {config.pii.mode} needs survey.detect_languages: true, or "
            "documents without a language would be scanned for identifiers only. Use "
            "pii.mode: identifiers if that is wanted."
        )
        raise ConfigError(msg)


def _check_metric(metric: str) -> None:
    known = sorted({*CHARACTERISTICS, *RUN_METRICS})
    if metric in known:
        return
    near = difflib.get_close_matches(metric, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}."
    msg = f"gates: no statistic is called {metric}; {hint}"
    raise ConfigError(msg)
