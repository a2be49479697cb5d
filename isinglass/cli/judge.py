"""One case after the other in a terminal, one key each; nothing in a text steers it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import typer

from isinglass.pipelines.report.text import CLOSE, OPEN, inert, shorten
from isinglass.schemas.marks import SAYS, Mark, MissedSpan, Said

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rich.console import Console

    from isinglass.pipelines.explain.folder import RunFolder
    from isinglass.pipelines.review.cases import Case
    from isinglass.pipelines.review.marks import Marks

_BLANKS = re.compile(r"\s+")
_KEYS: dict[str, Said] = {"r": "right", "w": "wrong", "u": "unsure", "m": "missed"}
_HELP = {
    "finding": "r right  w wrong  u unsure",
    "removal": "r right, rightly dropped  w wrong, should have stayed  u unsure",
    "filter": "r right, rightly taken out  w wrong, should have stayed  u unsure",
    "mention": "r right, it speaks of the group  w wrong  u unsure",
    "rejected": "r right, rightly not counted  w wrong, it is a mention  u unsure",
    "kept": "r nothing missed  m something missed  u unsure",
}
_ALWAYS = "  n next  b back  q quit  ? these keys"
_MOST = 4_000
"""Characters of a whole text that are shown."""


def judge(
    folder: RunFolder,
    found: Sequence[Case],
    console: Console,
    path: Path,
    held: Marks,
    key: Callable[[], str] | None = None,
    ask: Callable[[str], str] | None = None,
) -> None:
    """Ask for a mark on each case, from the first that has none; kept at every key.

    Args:
        folder: The run.
        found: What is shown.
        console: Where it is shown.
        path: The file of marks.
        held: The marks that are in it; new ones are added.
        key: Waits for a key; that of the terminal if None.
        ask: Asks for a line; on the terminal if None.
    """
    import click  # noqa: PLC0415

    key = key or click.getchar
    ask = ask or _ask
    _note_draw(found, path, held)
    index = next((i for i, case in enumerate(found) if case.key not in held), 0)
    fresh = True
    while index < len(found):
        case = found[index]
        if fresh:
            where = f"{index + 1} of {len(found)}"
            show_case(folder, case, console, where, held.get(case.key))
            console.print(_HELP[case.key.kind] + _ALWAYS, style="dim")
        pressed = key().lower()
        fresh = True
        if pressed in ("q", "\x03", "\x04"):
            return
        if pressed == "b":
            index = max(0, index - 1)
        elif pressed in ("n", " "):
            index += 1
        elif pressed in _KEYS and _KEYS[pressed] in SAYS[case.key.kind]:
            mark = _mark(case, _KEYS[pressed], console, ask)
            if mark is not None:
                _keep(mark, path, held)
                index += 1
        else:
            console.print(_HELP[case.key.kind] + _ALWAYS, style="dim")
            fresh = False


def _note_draw(found: Sequence[Case], path: Path, held: Marks) -> None:
    """Places that have a mark already are in this sample, too."""
    from isinglass.pipelines.review.marks import joined, write_marks  # noqa: PLC0415

    known = [(case, held[case.key]) for case in found if case.key in held]
    fresh = {
        case.key: joined(case.marked(mark.mark, mark.missed), mark)
        for case, mark in known
    }
    if any(held[place] != mark for place, mark in fresh.items()):
        held |= fresh
        write_marks(path, held)


def _keep(mark: Mark, path: Path, held: Marks) -> None:
    from isinglass.pipelines.review.marks import joined, write_marks  # noqa: PLC0415

    held[mark.key] = joined(mark, held.get(mark.key))
    write_marks(path, held)


def _mark(
    case: Case, said: Said, console: Console, ask: Callable[[str], str]
) -> Mark | None:
    if said != "missed":
        return case.marked(said)
    missed: dict[tuple[int, int, str], MissedSpan] = {}
    while value := ask("What was missed, as it stands there (nothing: done)").strip():
        label = ask("Its entity").strip()
        spans = occurrences(case, value, label) if label else []
        told = f"{len(spans)} places" if spans else "not in this passage, or found"
        console.print(told, style="dim", markup=False)
        missed |= {(span.start, span.end, span.label): span for span in spans}
    spans = [missed[place] for place in sorted(missed)]
    return case.marked("missed", spans) if spans else None


def occurrences(case: Case, value: str, label: str) -> list[MissedSpan]:
    """Places of a value in a passage, but those that were found there.

    Any blanks stand for any others.
    """
    pattern = r"\s+".join(map(re.escape, value.split()))
    places = [match.span() for match in re.finditer(pattern, case.text or "")]
    spans = [(case.key.start + a, case.key.start + b) for a, b in places]
    return [
        MissedSpan(start=start, end=end, label=label)
        for start, end in spans
        if not any(s.start < end and start < s.end for s in case.found)
    ]


def _ask(question: str) -> str:
    return str(typer.prompt(question, default="", show_default=False))


def show_all(
    folder: RunFolder, found: Sequence[Case], console: Console, held: Marks
) -> None:
    """Print all cases below each other."""
    for number, case in enumerate(found, 1):
        where = f"{number} of {len(found)}"
        show_case(folder, case, console, where, held.get(case.key))


def show_case(
    folder: RunFolder, case: Case, console: Console, where: str, mark: Mark | None
) -> None:
    """Print a case: what and where it is, the evidence, and the text."""
    from rich.text import Text  # noqa: PLC0415

    key, place = case.key, case.place
    what = key.label or "passage of a kept text"
    marked = f"  [{mark.mark}]" if mark else ""
    row = f"{shorten(place.path)}:{place.row}, {key.start:,}-{key.end:,}"
    line = f"{where}  {shorten(what)}  {row}"
    console.print()
    console.print(Text(inert(f"{line}{marked}"), "bold"), soft_wrap=True)
    known = {k: v for k, v in case.evidence.items() if v is not None}
    if known:
        told = ", ".join(f"{name} {_short(value)}" for name, value in known.items())
        console.print(Text(inert(told), "dim"), soft_wrap=True)
    if case.note:
        console.print(Text(inert(f"Note: {case.note}"), "yellow"), soft_wrap=True)
    if case.text is None:
        return
    if key.kind == "removal":
        _show_pair(folder, case, console)
    elif key.kind == "filter":
        console.print(Text(_taken_out(case)), soft_wrap=True)
    elif key.kind == "kept":
        console.print(Text(_passage(case)), soft_wrap=True)
    else:
        before, value, after = map(_inline, (case.before, case.text, case.after))
        shown = Text.assemble(before, (f"{OPEN}{value}{CLOSE}", "bold"), after)
        console.print(shown, soft_wrap=True)


def _show_pair(folder: RunFolder, case: Case, console: Console) -> None:
    from rich.text import Text  # noqa: PLC0415

    from isinglass.pipelines.stages import STAGES  # noqa: PLC0415

    text = case.text or ""
    if case.beside is not None:
        texts = (text, case.beside)
        for stage in STAGES:
            shown = stage.beside(folder, case.key.label, texts)
            if shown is not None:
                console.print(shown)
                return
    for one in (text, case.beside):
        if one is not None:
            console.print(Text(_begin(one)), soft_wrap=True)


def _taken_out(case: Case) -> str:
    """A text, or a part of one in brackets between what stands around it."""
    shown = _begin(case.text or "")
    if not case.before and not case.after:
        return shown
    return f"{_lines(case.before)}{OPEN}{shown}{CLOSE}{_lines(case.after)}"


def _begin(text: str) -> str:
    """The begin of a text, and how much of it is not shown."""
    more = len(text) - _MOST
    if more <= 0:
        return _lines(text)
    return f"{_lines(text[:_MOST])}\n... {more:,} more characters"


def _passage(case: Case) -> str:
    """A passage with what was found in brackets, and the kind of each."""
    text, begin, parts, at = case.text or "", case.key.start, [], 0
    for span in case.found:
        start, end = span.start - begin, min(span.end - begin, len(text))
        if start < at:
            continue
        label = inert(span.label)
        parts += [_lines(text[at:start]), OPEN, _inline(text[start:end])]
        parts.append(f" {label}{CLOSE}")
        at = end
    return "".join([*parts, _lines(text[at:])])


def _lines(text: str) -> str:
    return "\n".join(map(inert, text.split("\n")))


def _inline(text: str) -> str:
    return inert(shorten(_BLANKS.sub(" ", text), _MOST))


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else shorten(str(value))
