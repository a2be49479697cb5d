"""What a reader should do next: at most five things, the most urgent first."""

from __future__ import annotations

from collections.abc import Iterable

from isinglass.pipelines.report.text import grouped, shorten
from isinglass.schemas.manifest import Manifest

MOST_STEPS = 5
_VERIFY = (
    "Before you pass it on, let `isinglass verify RUN` read every file again: hashes, "
    "schemas, sums, and the offsets of every finding."
)
_REVIEW = (
    "Let a person mark a sample of what was changed: `isinglass review RUN` shows it, "
    "and the marks go into the next report."
)


def next_steps(manifest: Manifest, advice: Iterable[str]) -> tuple[str, ...]:
    """From what failed to what is always right; `advice` is that of the stages."""
    steps = [*_failed(manifest), *advice]
    if manifest.review is None and manifest.verb != "audit":
        steps.append(_REVIEW)
    if manifest.verb == "audit":
        steps.append("If you agree with it, clean: `isinglass clean --config FILE`.")
    return (*steps[: MOST_STEPS - 1], _VERIFY)


def _failed(manifest: Manifest) -> Iterable[str]:
    failed = [gate for gate in manifest.gates if not gate.passed]
    if failed:
        named = ", ".join(
            dict.fromkeys(shorten(gate.metric, 60) for gate in failed[:3])
        )
        yield (
            f"Find out why {named} is not as asked: below under Gates, and row by row "
            "in audit/statistics.parquet."
        )
    held = sum(manifest.records.quarantined.values())
    if held:
        yield (
            f"Look at why {grouped(held)} records were set aside: they are listed "
            "below under what went in, and lie in quarantine/."
        )
