"""`isinglass evaluate model`: what associations a model holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from isinglass.cli.options import FormatOption, read_config, read_text, show
from isinglass.cli.stopping import stoppable
from isinglass.cli.usage import GATE_FAILED, WARNED
from isinglass.schemas.config.evaluation import EvaluationConfig
from isinglass.schemas.config.load import checked, parsed
from isinglass.schemas.errors import ConfigError

if TYPE_CHECKING:
    from isinglass.pipelines.stages.encode.evaluation.evaluate import Evaluated


def model(
    model: Annotated[
        str | None,
        typer.Argument(
            help="An encoder, as encode.model: `minilm`, a folder, or a hub name."
        ),
    ] = None,
    *,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="Folder of the evaluation.")
    ] = None,
    vectors: Annotated[
        str | None,
        typer.Option(help="Word vectors instead: word2vec or GloVe text, or .npz."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            help="Configuration of the evaluation, or a run: its encode section.",
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Override one key: path.to.key=value. Repeatable.",
        ),
    ] = None,
    kinds: Annotated[
        list[str] | None,
        typer.Option("--kind", help="A kind of test; all if not given. Repeatable."),
    ] = None,
    lists: Annotated[
        list[str] | None,
        typer.Option(help="Word lists of your own, YAML. Repeatable."),
    ] = None,
    texts: Annotated[
        str | None,
        typer.Option(help="A run, or texts, in which `ceat` finds words in sentences."),
    ] = None,
    crows_pairs: Annotated[
        str | None, typer.Option(help="Pairs of sentences for `crows_pairs`, CSV.")
    ] = None,
    stereoset: Annotated[
        str | None, typer.Option(help="Items for `stereoset`, JSON.")
    ] = None,
    run: Annotated[
        str | None, typer.Option(help="A finished run whose vectors `probes` reads.")
    ] = None,
    gate: Annotated[
        list[str] | None,
        typer.Option(
            help="A gate as in a configuration, `{metric: weat.effect_size, slice: "
            "{group: '*'}, op: '<=', value: 1}`. Repeatable.",
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 4 when the verdict is `warned`.")
    ] = False,
    format_: FormatOption = "text",
) -> int:
    """Test which associations an encoder or word vectors hold.

    Such tests can show that an association is there, never that there is none.
    """
    data = {} if config is None else _read(config)
    given = {"output": output, "vectors": vectors, "kinds": kinds}
    given |= {"crows_pairs": crows_pairs, "stereoset": stereoset}
    data |= {key: value for key, value in given.items() if value}
    own = {"lists": lists, "texts": texts}
    _put(data, "associations", {key: value for key, value in own.items() if value})
    _put(data, "probes", {"run": run} if run else {})
    if model is not None:
        # Ids mean nothing to another model: the tokenizer goes with it.
        _put(data, "encode", {"tokenizer": model, "model": model})
    if gate:
        data["gates"] = [*(data.get("gates") or []), *map(_gate, gate)]
    asked = checked(EvaluationConfig, data, set_ or [])
    # Heavy imports wait until the arguments are known to be right.
    from isinglass.pipelines.stages.encode.evaluation.evaluate import (  # noqa: PLC0415
        evaluate,
    )

    with stoppable("Stopped. Nothing was written."):
        evaluated = evaluate(asked, Path.cwd())
    told = evaluated.evaluation
    show(told.model_dump(mode="json"), _lines(evaluated), format_)
    if told.verdict == "failed":
        return GATE_FAILED
    return WARNED if strict and told.verdict == "warned" else 0


def lists(
    file: Annotated[Path, typer.Argument(help="YAML file of word sets and tests.")],
) -> int:
    """Read word lists as an evaluation would, and say what stands in them."""
    from isinglass.transforms.associations.lists import (  # noqa: PLC0415
        load_tests,
        parse_associations,
        read_list,
    )

    read, entry = parse_associations(read_list(str(file), "FILE"), str(file))
    typer.echo(f"{read.name}, version {read.version}, {read.language}: can be used")
    for test in load_tests([str(file)], packaged=False).all:
        sizes = " and ".join(f"{one.name} ({len(one.words)})" for one in test.sets[:2])
        others = " and ".join(f"{one.name} ({len(one.words)})" for one in test.sets[2:])
        sentences = len(test.sets[0].sentences())
        typer.echo(
            f"{test.id}: {sizes} with {others}; {sentences} sentences of the first"
        )
    asked = {name for test in read.tests for name in (*test.targets, *test.attributes)}
    idle = sorted(read.sets.keys() - asked)
    if idle:
        typer.echo(f"in no test: {', '.join(idle)}")
    typer.echo(f"sha256 {entry.sha256}")
    return 0


def _read(config: Path) -> dict[str, Any]:
    """A configuration of an evaluation, or the `encode` section of that of a run."""
    data = parsed(read_text(config))
    if "inputs" not in data:
        return data
    encode = read_config(config, []).encode
    if encode is None:
        raise ConfigError(f"{config} has no `encode` section; name a model instead")
    return {"encode": encode.model_dump(exclude_unset=True)}


def _put(data: dict[str, Any], section: str, given: dict[str, Any]) -> None:
    """Keys of the command line over those of a section."""
    if given:
        before = data.get(section)
        data[section] = {**(before if isinstance(before, dict) else {}), **given}


def _gate(text: str) -> Any:
    """A gate that is given as YAML on the command line."""
    try:
        return parsed(text)
    except ConfigError:
        raise ConfigError(
            f"--gate {text}: write it as in a configuration, as in '{{metric: "
            'weat.p_holm, slice: {group: "*"}, op: ">=", value: 0.05}\'.'
        ) from None


def _lines(evaluated: Evaluated) -> Sequence[str]:
    from isinglass.pipelines.report.text import visible  # noqa: PLC0415
    from isinglass.pipelines.report.verdict import HEADLINES  # noqa: PLC0415
    from isinglass.pipelines.stages.encode.evaluation.page import (  # noqa: PLC0415
        ABSENCE,
        verdict_lines,
    )

    told = evaluated.evaluation
    reasons = verdict_lines(told)
    skipped = [f"{name}: not done: {why}" for name, why in told.skipped.items()]
    place = Path(told.config["output"]) / "report.html"
    lines = [
        f"{HEADLINES[told.verdict]}: {reasons[0]}",
        *reasons[1:],
        *evaluated.lines,
        *skipped,
        ABSENCE,
        f"Report: {place}",
    ]
    plain = (line.replace("\u202f%", " %") for line in lines)
    return [visible(line.replace("\u202f", ",")) for line in plain]
