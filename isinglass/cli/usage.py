"""What is wrong with a command line, in our own words, and the exit codes."""

from __future__ import annotations

import difflib
import re
from typing import Any

CRASHED, REFUSED, GATE_FAILED, WARNED = 1, 2, 3, 4

EXIT_CODES = """\b
Exit codes:
  0    done, or nothing to do (see --exit-code-unchanged)
  1    it crashed, or a proof failed
  2    the command, the configuration, an input or the output was refused
  3    a gate failed
  4    warned, under --strict
  75   something outside is in the way (disk full, folder in use): try again
  130  stopped by Ctrl-C; 143 by SIGTERM: the same command goes on
"""
"""Epilog of `--help`; the mark before it keeps its lines."""

_QUOTED = re.compile(r"'(.*?)'", re.DOTALL)


def is_usage(error: Exception) -> bool:
    """Whether an error is about how the command was written.

    typer brings its own copy of click or takes the installed one, as its version
    will; the names of the classes are the same in both.
    """
    return "UsageError" in _kinds(error)


def explain_usage(error: Any) -> str:
    """Say what was wrong with the command line, and what to write.

    Without any argument it is the help itself.
    """
    if "NoArgsIsHelpError" in _kinds(error):
        return str(error.ctx.get_help())
    context = error.ctx
    command = context.command_path if context is not None else "isinglass"
    return f"error: {_fault(error, command)} See {command} --help."


def _kinds(error: Exception) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def _fault(error: Any, command: str) -> str:
    kinds, quoted = _kinds(error), _QUOTED.findall(error.message)
    if "NoSuchOption" in kinds:
        near = sorted(error.possibilities or ())
        hint = f" Did you mean {near[0]}?" if near else ""
        return f"{error.option_name} is no option of `{command}`.{hint}"
    if "MissingParameter" in kinds:
        return f"`{command}` needs {_name(error.param)}."
    if "BadParameter" in kinds:
        value, *choices = quoted or [_given(error)]
        fix = f"; write one of {', '.join(choices)}" if choices else ""
        return f"{_name(error.param)} does not take {value}{fix}."
    if "BadOptionUsage" in kinds:
        return f"{error.option_name} was given no value, or one that it does not take."
    verbs = getattr(error.ctx and error.ctx.command, "commands", {})
    if verbs:
        return _no_verb("".join(quoted[:1]), sorted(verbs))
    return f"`{command}` was given a word too many."


def _no_verb(name: str, verbs: list[str]) -> str:
    near = difflib.get_close_matches(name, verbs, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(verbs)}."
    return f"There is no verb {name}. {hint}"


def _given(error: Any) -> str:
    """The value, where the check was one of pydantic's."""
    faults: list[Any] = getattr(error.__cause__, "errors", list)()
    return str(faults[0].get("input", "")) if faults else ""


def _name(param: Any) -> str:
    named = param.opts[0]
    return str(named if named.startswith("-") else named.upper())
