"""The peer on the same texts, and how far its vectors are from ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.vectors.end_to_end import kept_vectors
from benchmarks.vectors.loaded import say
from benchmarks.vectors.peers import (
    BATCHES,
    Question,
    ask_peer,
    differences,
)
from benchmarks.vectors.report import rounded
from isinglass.transforms.encode.models.find import tokenizer_file
from isinglass.transforms.encode.models.folder import pooling_of

if TYPE_CHECKING:
    from benchmarks.vectors.end_to_end import Run
    from benchmarks.vectors.loaded import Bench


def describe_peer(bench: Bench, best: Run | None) -> dict[str, Any] | None:
    """What the peer took beside our best run; None where it was not wanted."""
    if not bench.options.peer:
        return None
    try:
        return _compare(bench, best)
    # The peer's failure must not cost our own results.
    except Exception as error:  # noqa: BLE001
        return {"error": f"{type(error).__name__}: {error}"}


def _compare(bench: Bench, best: Run | None) -> dict[str, Any]:
    job, device = bench.job, bench.device
    texts = job.texts.first(job.kept)
    tokens = int(job.tokenizer.encode(texts, job.encoder.max_tokens).offsets[-1])
    question = Question(
        folder=bench.folder,
        tokenizer=tokenizer_file(bench.settings),
        pad=job.tokenizer.reference.token_id("[PAD]") or 0,
        max_tokens=job.encoder.max_tokens,
        pooling=pooling_of(bench.folder) or "mean",
        normalise=job.encoder.normalise,
        device=device,
        # As its users run it.
        precision="float16" if device.type == "cuda" else "float32",
        batches=bench.options.peer_batches or BATCHES.get(device.type, (32,)),
        rounds=bench.options.rounds,
        deadline=bench.deadline,
    )
    say(f"the peer, {len(texts):,} documents")
    answer = ask_peer(question, texts.to_pylist())
    seconds = min(answer.seconds.values())
    found: dict[str, Any] = {
        "name": answer.name,
        "precision": question.precision,
        "documents": len(texts),
        "tokens": tokens,
        "seconds_by_batch": {n: rounded(s) for n, s in answer.seconds.items()},
        "tokens_per_second": round(tokens / seconds),
        "process_core_seconds": rounded(answer.core_seconds),
        "peak_host_mb": rounded(answer.host_mb),
        "peak_device_mb": rounded(answer.device_mb),
    }
    if best is not None:
        rate = best.tokens / best.seconds
        difference, cosine = differences(kept_vectors(best, len(texts)), answer.vectors)
        found |= {
            "ratio": rounded(rate / (tokens / seconds)),
            "core_seconds_ratio": rounded(
                best.tokens / best.process_seconds * answer.core_seconds / tokens
            ),
            "max_abs_difference": difference,
            "min_cosine": cosine,
        }
    return found
