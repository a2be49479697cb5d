"""Gather a real corpus from the Python packages installed on this machine.

Every environment holds prose that may be read freely where it lies: the descriptions,
licences, documentation files and docstrings of its packages. Together they make a small
corpus with honest troubles: licences that differ in one line, e-mail addresses of
maintainers, names, code mixed with English. Nothing is downloaded and no package is
imported; docstrings are read from the source text.

The same environment and arguments always give the same bytes. Usage::

    python examples/gather_corpus.py --output build/demo-corpus --max-megabytes 2.5
"""

from __future__ import annotations

import argparse
import ast
import gzip
import hashlib
import json
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from importlib.metadata import Distribution, PackagePath, distributions
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

# Documents outside these bounds (in characters) are fragments or dumps of tables.
# The docstrings of large modules are mostly lists of parameters.
SHORTEST = 200
LONGEST = 20_000
LONGEST_DOCSTRINGS = 3_000

BYTES_PER_MEGABYTE = 1_000_000

# Share of the byte budget of each kind; what one leaves unused the next ones get.
SHARES = {"licences": 0.18, "documentation": 0.12, "descriptions": 0.3, "docstrings": 1}

LICENCE_NAME = re.compile(r"(licen[cs]e|copying|notice)", re.IGNORECASE)
PROSE_NAME = re.compile(
    r"(readme|changes|changelog|history|news|authors|contributing)", re.IGNORECASE
)
PROSE_SUFFIXES = {".md", ".rst", ".txt"}


@dataclass(frozen=True)
class Document:
    r"""One row of the corpus.

    Attributes:
        id: Sixteen hexadecimal digits derived from ``url``.
        text: The document, with line ends as ``\n``.
        source: Its kind, one of the keys of ``SHARES``.
        url: ``pkg://distribution/version/path``.
        license: What the distribution's metadata declares, or an empty string.
    """

    id: str
    text: str
    source: str
    url: str
    license: str


@dataclass(frozen=True)
class Candidate:
    """A document that could be taken: where it lies and how to read it."""

    source: str
    url: str
    license: str
    read: Callable[[], str | None]

    @property
    def digest(self) -> str:
        """Key that orders candidates evenly over packages, whatever their names."""
        return hashlib.sha256(self.url.encode()).hexdigest()


def canonical_name(distribution: Distribution) -> str:
    """Return the distribution's name as the packaging standards normalise it."""
    return re.sub(r"[-_.]+", "-", distribution.metadata["Name"]).lower()


def headers(distribution: Distribution, name: str) -> list[str]:
    """Return the values of a metadata header, none where it is missing."""
    return [str(value) for value in distribution.metadata.get_all(name) or []]


def declared_license(distribution: Distribution) -> str:
    """Return the licence expression, else the last part of the licence classifier."""
    for expression in headers(distribution, "License-Expression"):
        return expression
    for classifier in headers(distribution, "Classifier"):
        if classifier.startswith("License ::"):
            return classifier.rpartition(" :: ")[2]
    return ""


def read_file(path: Path) -> str | None:
    """Return the text of a file, or None where it is missing or not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def read_description(distribution: Distribution) -> str | None:
    """Return summary, people and long description of a distribution as one text."""
    body = "\n".join(headers(distribution, "Description"))
    if not body.strip():
        return None
    summary = " ".join(headers(distribution, "Summary"))
    people = [
        f"{label}: {value}"
        for label in ("Author", "Author-email", "Maintainer", "Maintainer-email")
        for value in headers(distribution, label)
    ]
    title = f"{distribution.metadata['Name']}: {summary}"
    return "\n".join([title, *people, "", body])


def read_docstrings(path: Path) -> str | None:
    """Return all docstrings of a module in order, without importing it."""
    source = read_file(path)
    if source is None:
        return None
    try:
        with warnings.catch_warnings():
            # Other people's modules may hold escapes that Python has come to warn of.
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return None
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found = [
        docstring
        for node in ast.walk(tree)
        if isinstance(node, kinds) and (docstring := ast.get_docstring(node))
    ]
    return "\n\n".join(found) or None


def kind_of(path: PackagePath) -> str | None:
    """Say which kind of document a packaged file is, or None where it is none."""
    if path.is_absolute() or ".." in path.parts:
        return None
    in_metadata = ".dist-info" in path.parts[0]
    if LICENCE_NAME.search(path.name) and path.suffix in {"", *PROSE_SUFFIXES}:
        return "licences"
    if path.suffix == ".py" and not path.name.startswith("test_"):
        return "docstrings"
    if path.suffix in {".md", ".rst"} and not in_metadata:
        return "documentation"
    if path.suffix == ".txt" and PROSE_NAME.search(path.name):
        return "documentation"
    return None


def candidates_of(distribution: Distribution) -> Iterator[Candidate]:
    """List every document that a distribution could give, without reading any."""
    license_name = declared_license(distribution)
    root = f"pkg://{canonical_name(distribution)}/{distribution.version}"
    yield Candidate(
        source="descriptions",
        url=f"{root}/METADATA",
        license=license_name,
        read=lambda: read_description(distribution),
    )
    for path in distribution.files or []:
        kind = kind_of(path)
        if kind is None:
            continue
        reader = read_docstrings if kind == "docstrings" else read_file
        location = Path(str(path.locate()))
        yield Candidate(
            source=kind,
            url=f"{root}/{path.as_posix()}",
            license=license_name,
            read=lambda reader=reader, location=location: reader(location),  # type: ignore[misc]
        )


def installed(exclude: Iterable[str]) -> list[Distribution]:
    """Return the distributions of this environment by name, each once."""
    left_out = set(exclude)
    by_name: dict[str, Distribution] = {}
    for distribution in distributions():
        if headers(distribution, "Name"):
            # The first on the path is the one that an import would find.
            by_name.setdefault(canonical_name(distribution), distribution)
    return [by_name[name] for name in sorted(by_name) if name not in left_out]


def is_document(text: str, source: str) -> bool:
    """Say whether a text is neither a fragment nor overlong for its kind."""
    longest = LONGEST_DOCSTRINGS if source == "docstrings" else LONGEST
    return SHORTEST <= len(text) <= longest


def take(candidates: Iterable[Candidate], budget: int) -> Iterator[Document]:
    """Read candidates in an even order until ``budget`` bytes of UTF-8 are full."""
    for candidate in sorted(candidates, key=lambda one: (one.digest, one.url)):
        text = candidate.read()
        if text is None or not is_document(text, candidate.source):
            continue
        size = len(text.encode())
        if size > budget:
            return
        budget -= size
        yield Document(
            id=candidate.digest[:16],
            text=text,
            source=candidate.source,
            url=candidate.url,
            license=candidate.license,
        )


def gather(found: Iterable[Distribution], max_bytes: int) -> list[Document]:
    """Choose documents of every kind up to ``max_bytes`` of text, sorted by url."""
    by_kind: dict[str, dict[str, Candidate]] = {kind: {} for kind in SHARES}
    for distribution in found:
        for candidate in candidates_of(distribution):
            by_kind[candidate.source][candidate.url] = candidate
    documents: list[Document] = []
    spare = 0
    left = max_bytes
    for kind, share in SHARES.items():
        budget = min(left, int(max_bytes * share) + spare)
        taken = list(take(by_kind[kind].values(), budget))
        used = sum(len(document.text.encode()) for document in taken)
        spare = budget - used
        left -= used
        documents += taken
    return sorted(documents, key=lambda document: document.url)


def write_jsonl(path: Path, documents: Iterable[Document]) -> None:
    """Write one JSON object a line, gzipped with no time stamp in the header."""
    with (
        path.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as target,
    ):
        for document in documents:
            line = json.dumps(asdict(document), ensure_ascii=False, sort_keys=True)
            target.write(line.encode() + b"\n")


def write_parquet(path: Path, documents: Iterable[Document]) -> None:
    """Write a Parquet file of several row groups, so that it can be cut into shards."""
    schema = pa.schema([(field.name, pa.string()) for field in fields(Document)])
    rows = [asdict(document) for document in documents]
    table = pa.Table.from_pylist(rows, schema=schema)
    pq.write_table(table, path, compression="zstd", row_group_size=200)


def write_corpus(folder: Path, documents: list[Document]) -> list[Path]:
    """Write one file a kind: files that were read whole as JSONL, the rest as Parquet.

    Returns:
        The files, sorted by name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for stale in [*folder.glob("*.jsonl.gz"), *folder.glob("*.parquet")]:
        stale.unlink()
    written = []
    for kind in SHARES:
        part = [document for document in documents if document.source == kind]
        whole_files = kind in {"licences", "documentation"}
        path = folder / f"{kind}{'.jsonl.gz' if whole_files else '.parquet'}"
        (write_jsonl if whole_files else write_parquet)(path, part)
        written.append(path)
    return sorted(written)


def main(arguments: list[str] | None = None) -> int:
    """Gather the corpus and say on standard error what it holds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--output", type=Path, required=True, help="target folder")
    parser.add_argument("--max-megabytes", type=float, default=2.5, help="text limit")
    options = parser.parse_args(arguments)
    if options.max_megabytes <= 0:
        parser.error(f"--max-megabytes {options.max_megabytes}: give more than 0")
    limit = int(options.max_megabytes * BYTES_PER_MEGABYTE)
    # isinglass is left out: a corpus should not change with the tool that reads it.
    documents = gather(installed(exclude=["isinglass"]), limit)
    files = write_corpus(options.output, documents)
    size = sum(len(document.text.encode()) for document in documents)
    print(
        f"{len(documents):,} documents, {size / BYTES_PER_MEGABYTE:.2f} MB of text "
        f"in {len(files)} files under {options.output}",
        file=sys.stderr,
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
