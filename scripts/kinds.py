"""Write what pages and profiles say of the kinds of personal data, from their files.

    python scripts/kinds.py          writes pages of docs/, README.md and the profiles
    python scripts/kinds.py --check  says which of them are not up to date (exit 1)

What is known of a kind stands in `transforms/resources/recognizers`. In a page a part
that is made lies between two comments with its name; in a profile it is the list under
`entities:`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from isinglass.schemas.config.countries import country_names, presidio_kinds
from isinglass.schemas.config.kinds import Kind, kind_files, known_kinds

ROOT = Path(__file__).resolve().parents[1]
PROFILES = ROOT / "schemas" / "profiles"
LISTED = re.compile(r"(?<=\n)(?:    [A-Z_]+: \{.*\}\n)+")


def of_any_country() -> str:
    """The table of kinds that belong to no country."""
    rows = [("entity", "what counts", "what makes it certain", "what does not count")]
    rows += [
        (entity, kind.found, kind.certain, kind.missed)
        for file in kind_files().values()
        if file.country is None
        for entity, kind in file.kinds.items()
    ]
    return table(rows)


def of_countries() -> str:
    """A sentence and the table of the numbers of countries."""
    national = [file for file in kind_files().values() if file.country is not None]
    rows = [("country", "entity", "what is found", "what is not", "by default")]
    rows += [
        (
            str(file.country),
            entity,
            kind.found,
            kind.missed,
            ("no", "yes")[kind.default],
        )
        for file in national
        for entity, kind in file.kinds.items()
    ]
    said = f"Identity numbers of {len(national)} countries, in texts of any language:"
    return f"{said}\n\n{table(rows)}"


def of_languages() -> str:
    """The table of languages."""
    rows = [
        (row.language, row.found, row.missed)
        for file in kind_files().values()
        for row in file.language_rows
    ]
    head = ("language", "found by default", "known to be missed or wrong")
    rest = (
        "all others",
        "identifiers of the first table",
        "names, and every national number",
    )
    return table([head, *sorted(rows), rest])


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """A table of Markdown; the first row is its head."""
    ruled = [rows[0], ("---",) * len(rows[0]), *rows[1:]]
    return "\n".join(f"| {' | '.join(row)} |" for row in ruled)


def of_presidio() -> str:
    """The table of all numbers by country, with those of Presidio's recognizers."""
    head = ("country", "entity", "what", "found by", "scores", "checked")
    rows = [(*head, "anywhere", "next to a word", "by `countries`")]
    for code, name in country_names().items():
        file = kind_files().get(code)
        ours = file.kinds if file else {}
        rows += [
            (f"{name}: `{code}`", entity, kind.found, "isinglass", *("",) * 4, "yes")
            for entity, kind in ours.items()
        ]
        rows += [
            (
                *(f"{name}: `{code}`", entity, kind.what, "Presidio"),
                *(", ".join(map(str, kind.scores)), ("no", "yes")[kind.check]),
                *(_rate(kind.anywhere), _rate(kind.near_word)),
                f"no: {kind.by_name}" if kind.by_name else "next to a word",
            )
            for entity, kind in presidio_kinds().items()
            if kind.country == code and entity not in known_kinds()
        ]
    return table(rows)


def _rate(found: float | None) -> str:
    return "" if found is None else f"{found:g}"


def page(text: str) -> str:
    """The page on personal data with its made parts anew."""
    parts = {"kinds": of_any_country, "countries": of_countries}
    return made(text, parts | {"languages": of_languages})


def countries(text: str) -> str:
    """The page on countries with its made part anew."""
    return made(text, {"presidio": of_presidio})


def made(text: str, parts: Mapping[str, Callable[[], str]]) -> str:
    """A page with its made parts anew."""
    for name, part in parts.items():
        start, end = f"<!-- made by scripts/kinds.py: {name} -->", f"<!-- {name} -->"
        before, _, rest = text.partition(f"{start}\n")
        after = rest.partition(f"{end}\n")[2]
        text = f"{before}{start}\n{part()}\n{end}\n{after}"
    return text


def readme(text: str) -> str:
    """The page with the number of kinds."""
    count = sum(kind.default for kind in known_kinds().values())
    return re.sub(r"default: \d+ kinds", f"default: {count} kinds", text)


def full(text: str) -> str:
    """The profile that shows every default, with the operator."""
    return listed(text, lambda kind: ["operator: replace", *threshold(kind)])


def without_model(text: str) -> str:
    """The profile that looks for all but what only a model finds."""
    return listed(text, threshold, leave_out="PERSON")


def threshold(kind: Kind) -> list[str]:
    """The threshold as an entry of a mapping; nothing if every finding counts."""
    return [f"threshold: {kind.threshold}"] if kind.threshold else []


def listed(text: str, say: Callable[[Kind], list[str]], leave_out: str = "") -> str:
    """A profile with a line for each kind that is looked for by default."""
    entries = "".join(
        f"    {entity}: {{{', '.join(say(kind))}}}\n"
        for entity, kind in known_kinds().items()
        if kind.default and entity != leave_out
    )
    return LISTED.sub(lambda _: entries, text, count=1)


MADE: dict[Path, Callable[[str], str]] = {
    ROOT / "docs" / "pii.md": page,
    ROOT / "docs" / "countries.md": countries,
    ROOT / "README.md": readme,
    PROFILES / "web-en.yaml": full,
    PROFILES / "identifiers.yaml": without_model,
}


def main() -> int:
    """Write or check the files; says which are not as they should be."""
    old = {path: path.read_text(encoding="utf-8") for path in MADE}
    new = {path: make(old[path]) for path, make in MADE.items()}
    stale = [path for path in MADE if old[path] != new[path]]
    for path in stale:
        print(path.relative_to(ROOT))
        if "--check" not in sys.argv:
            path.write_text(new[path], encoding="utf-8")
    if stale and "--check" in sys.argv:
        print("are not up to date: python scripts/kinds.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
