"""Jobs whose speed must not change with the code, each of some CPU seconds.

Of a job the last step is timed; those before it make ready what it needs.
"""

from __future__ import annotations

from benchmarks.freezing import corpus, examples
from benchmarks.freezing.sections import KEY_NAME, Job, identifiers, settings

OUTPUT = "OUTPUT"
"""Stands for a folder that each code has for itself."""

_SHARDS = {"shard_bytes": 8 * 2**20}
_NOTHING = {"detect_languages": False, "count_mentions": False}
_CLEAN = ("clean", "-c", "job.yaml", "--set", f"output={OUTPUT}")
_RUN = ("run", *_CLEAN[1:])
_AUDIT = ("audit", *_CLEAN[1:])
_HALF = corpus.linked_files(2)
_NEEDS = (corpus.CORPUS,)

SPEEDS = (
    Job(
        "start-up",
        lambda folder: examples.example_corpus(folder, 60),
        {"job": settings(dedup={})},
        (_CLEAN,),
    ),
    Job(
        "read-map-write",
        corpus.linked_files(4),
        {"job": settings(survey=_NOTHING, limits=_SHARDS)},
        (_CLEAN,),
        _NEEDS,
    ),
    Job(
        "audit-duplicates",
        corpus.linked_files(4),
        {"job": settings(survey=_NOTHING, limits=_SHARDS, dedup={"containment": 0.9})},
        (_AUDIT,),
        _NEEDS,
    ),
    Job(
        "clean",
        _HALF,
        {"job": settings(limits=_SHARDS, dedup={}, balance={})},
        (_CLEAN,),
        _NEEDS,
    ),
    Job(
        "clean-identifiers",
        _HALF,
        {"job": settings(limits=_SHARDS, dedup={}, balance={}, pii=identifiers())},
        (_CLEAN,),
        _NEEDS,
    ),
    Job(
        "clean-names",
        corpus.some_of_corpus(250, 1_500),
        {
            "job": settings(
                limits=_SHARDS,
                pii={"key_env": KEY_NAME, "canaries": {"documents": 50}},
            )
        },
        (_CLEAN,),
        _NEEDS,
    ),
    Job(
        "encode-tokens",
        _HALF,
        {
            "job": settings(
                survey=_NOTHING,
                limits=_SHARDS,
                encode={"embeddings": "none", "packed": {}, "megatron": {}},
            )
        },
        (_RUN,),
        _NEEDS,
    ),
    Job(
        "encode-vectors",
        corpus.some_of_corpus(200, 1_000),
        {"job": settings(limits=_SHARDS, encode={"max_tokens": 64, "semantic": {}})},
        (_RUN,),
        _NEEDS,
    ),
    Job(
        "verify",
        _HALF,
        {"job": settings(limits=_SHARDS, dedup={}, pii=identifiers())},
        (_CLEAN, ("verify", OUTPUT)),
        _NEEDS,
    ),
)
