"""Stages of somebody else's: found by name, hashed, and held to their prefix."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.workspace import file_sha256
from isinglass.pipelines.stage import Stage
from isinglass.pipelines.stages import STAGES
from isinglass.schemas.config import StageConfig
from isinglass.schemas.errors import ConfigError

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CODE_SUFFIXES = (".py", ".yaml", ".json")


def load_stages(configs: Sequence[StageConfig], base: Path) -> tuple[Stage, ...]:
    """Import the stages that a configuration names, and make them; see `load_class`.

    What does not take its options is refused.
    """
    found: list[Stage] = []
    for number, config in enumerate(configs):
        where = f"stages[{number}]"
        kind = load_class(config.use, base, where)
        _check_options(kind, config, where)
        try:
            stage = kind(**config.options)
        except Exception as error:
            raise ConfigError(
                f"{where}: {config.use} refuses its options: {_told(error)}"
            ) from error
        if stage.name != kind.name:
            raise ConfigError(
                f"{where}: {config.use} must have the `name` of its class, {kind.name}."
            )
        if any(stage.name == other.name for other in found):
            raise ConfigError(f"{where}: there is a stage called {stage.name} already.")
        found.append(stage)
    return tuple(found)


def _check_options(kind: type[Stage], config: StageConfig, where: str) -> None:
    """Refuse options that a class does not take, and to leave out one that it needs."""
    taken = inspect.signature(kind).parameters.values()
    named = {
        p.name: p for p in taken if p.kind not in {p.VAR_KEYWORD, p.VAR_POSITIONAL}
    }
    anything = any(p.kind is p.VAR_KEYWORD for p in taken)
    unknown = [] if anything else sorted(config.options.keys() - named)
    needed = [n for n, p in named.items() if p.default is p.empty]
    for told, names in (
        ("does not take the option", unknown),
        ("needs the option", [name for name in needed if name not in config.options]),
    ):
        if names:
            takes = ", ".join(named) or "none"
            raise ConfigError(
                f"{where}: {config.use} {told} {names[0]}. Its options: {takes}."
            )


def load_class(use: str, base: Path, where: str) -> type[Stage]:
    """Import `module:Class`; what is no stage with a name of its own is refused."""
    module_name, _, class_name = use.partition(":")
    if str(base) not in sys.path:
        sys.path.append(str(base))
    try:
        module = importlib.import_module(module_name)
        kind = getattr(module, class_name)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"{where}: {use} needs the module {error.name}, which is not there. "
            f"Install it, or put it into {base}."
        ) from None
    except AttributeError:
        raise ConfigError(
            f"{where}: {module_name} has no class {class_name}."
        ) from None
    except Exception as error:
        raise ConfigError(
            f"{where}: importing {module_name} failed: {_told(error)}"
        ) from error
    if not (isinstance(kind, type) and issubclass(kind, Stage)):
        raise ConfigError(
            f"{where}: {use} is no subclass of isinglass.pipelines.stage.Stage."
        )
    name = getattr(kind, "name", "")
    ours = {stage.name for stage in STAGES}
    if not _NAME.fullmatch(name) or name in ours:
        raise ConfigError(
            f"{where}: {use} needs a `name` of small letters that no other stage has, "
            f"not {name!r}."
        )
    return kind


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}."


def is_outside(stage: Stage | type[Stage]) -> bool:
    """Whether a stage is somebody else's."""
    kind = stage if isinstance(stage, type) else type(stage)
    return kind not in STAGES


def code_of(stage: Stage) -> str:
    """SHA-256 over all files of its module, or of the package that holds it."""
    top = type(stage).__module__.partition(".")[0]
    file = Path(str(sys.modules[top].__file__))
    root, paths = file.parent, [file]
    if file.name == "__init__.py":
        paths = sorted(p for p in root.rglob("*") if p.suffix in _CODE_SUFFIXES)
    return digest([[p.relative_to(root).as_posix(), file_sha256(p)] for p in paths])


def check_names(stage: Stage, what: str, names: Iterable[str], mark: str = ".") -> None:
    """Refuse names of a stage from outside that do not begin with its own and `mark`.

    Ours may use every name; `what` is their kind, for the message.
    """
    if not is_outside(stage):
        return
    prefix = f"{stage.name}{mark}"
    for name in names:
        if not name.startswith(prefix):
            raise ConfigError(
                f"stage {stage.name}: {what} {name} must begin with {prefix}"
            )
