"""`isinglass lexicon check`: whether a lexicon can be used, and what it holds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from isinglass.cli.options import local_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from isinglass.schemas.lexicon import LexiconFile

app = typer.Typer(
    help="Lexicons of demographic terms.", no_args_is_help=True, rich_markup_mode=None
)


@app.callback()
def _group() -> None:
    """Lexicons of demographic terms."""


@app.command("check")
def check(
    lexicon: Annotated[
        Path, typer.Argument(help="YAML file of one language.", callback=local_path)
    ],
) -> int:
    """Read a lexicon as a run would, and say what stands in it or what is wrong."""
    from isinglass.transforms.demographics.lexicon import read_lexicon  # noqa: PLC0415

    read, entry = read_lexicon(str(lexicon), str(lexicon))
    typer.echo(f"{read.name}, version {read.version}, {read.language}: can be used")
    for line in _lines(read):
        typer.echo(line)
    typer.echo(f"sha256 {entry.sha256}")
    return 0


def _lines(read: LexiconFile) -> Iterator[str]:
    """What stands in a lexicon, and what its author may want to look at again."""
    from isinglass.pipelines.report.text import number_of  # noqa: PLC0415

    where: dict[str, set[str]] = {}
    for axis, groups in read.axes.items():
        for group, terms in groups.items():
            kinds = Counter(term.sense for term in terms if term.sense)
            judged = ", ".join(
                f"{count} by {rule}" for rule, count in sorted(kinds.items())
            )
            forms = sum(len(term.written) for term in terms)
            told = f"{number_of(len(terms), 'term')}, {number_of(forms, 'form')}"
            said = f"{axis}/{group}: {told}"
            yield f"{said}; judged in their place: {judged}" if judged else said
            for term in terms:
                for form in term.written:
                    where.setdefault(form.casefold(), set()).add(axis)
    several = sorted(form for form, axes in where.items() if len(axes) > 1)
    if several:
        yield f"counts on several axes: {', '.join(several)}"
