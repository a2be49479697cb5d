"""What the verb `encode` takes over from `clean`, and from an `encode` before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.encoded import hashes, library, start, table, write_topics

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.pipelines.run import Result


def redone(result: Result) -> set[str]:
    """Passes that did some of their units."""
    return {p.name for p in result.manifest.passes if p.reused < p.units}


def test_changed_encode_settings_redo_the_encode_pass_alone(tmp_path: Path) -> None:
    write_topics(tmp_path / "corpus", 24)
    encode = {"embeddings": "none", "max_tokens": 16}
    cleaned = start(tmp_path, encode, verb="clean", dedup={})
    assert cleaned.manifest.encode is None
    assert not (cleaned.folder / "tokens").exists()
    texts = hashes(cleaned.folder, "data", "ledger")

    first = start(tmp_path, encode, verb="encode", dedup={})
    assert redone(first) == {"encode", "encode_check"}
    whole = table(first.folder, "tokens")["n_tokens"].to_pylist()
    assert min(whole) > 16

    changed = encode | {"windows": "truncate", "packed": {"length": 64}}
    second = start(tmp_path, changed, verb="encode", dedup={}, replace=True)
    assert redone(second) == {"encode", "encode_check"}
    tokens = table(second.folder, "tokens")
    expected = library(max_length=16).encode_batch(
        table(second.folder, "data")["text"].to_pylist()
    )
    assert tokens["input_ids"].to_pylist() == [one.ids for one in expected]
    assert second.manifest.encode is not None
    assert second.manifest.encode.packed is not None
    assert hashes(second.folder, "data", "ledger") == texts

    third = start(tmp_path, encode, verb="encode", dedup={}, replace=True)
    assert third.manifest.encode is not None
    assert third.manifest.encode.packed is None
    # Files that were not asked for this time are not left behind.
    assert not list((third.folder / "packed").glob("*"))
    assert table(third.folder, "tokens")["n_tokens"].to_pylist() == whole
