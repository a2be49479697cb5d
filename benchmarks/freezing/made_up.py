"""Jobs over made-up inputs: small, at hand everywhere, every verb and most sections."""

from __future__ import annotations

from benchmarks.freezing import examples
from benchmarks.freezing.drive import DAMAGE
from benchmarks.freezing.sections import (
    BALANCE,
    CAUTIOUS,
    DECONTAMINATE,
    GATES,
    OPERATORS,
    PARAGRAPHS,
    RECOGNIZERS,
    SURROGATES,
    Job,
    identifiers,
    proof,
    run,
    settings,
)

FORMAT_INPUTS = [
    {"path": "corpus", "source": "web"},
    {
        "path": "mapped/*.parquet",
        "source": "mapped",
        "columns": {"text": "body", "id": "key", "url": "address", "language": "lang"},
    },
    {"path": "saved", "source": "saved", "split": "test"},
    {"path": "notes.log", "source": "notes", "format": "text"},
]

FORMATS = Job(
    "formats",
    examples.every_format,
    {"job": settings(dedup={}) | {"inputs": FORMAT_INPUTS}},
    (
        run("clean", "job", "--dry-run", "--format", "json"),
        run("clean"),
        run("clean"),
        *proof(),
        ("verify", "run"),
        (DAMAGE, "run", "damaged"),
        ("verify", "damaged", "--format", "json"),
    ),
)

BROKEN = Job(
    "broken-records",
    examples.broken_records,
    {
        "job": settings(dedup={}, pii=identifiers()),
        "short": settings(
            output="short",
            limits={"max_document_chars": 5_000, "max_quarantine_rate": 0.1},
        ),
        "strict": settings(
            output="none",
            limits={"unreadable_files": "refuse", "max_quarantine_rate": 1.0},
        ),
    },
    (
        run("clean"),
        *proof(),
        run("clean", "short"),
        *proof("short"),
        run("audit", "strict"),
    ),
)

ENDLESS = {"entity": "ENDLESS", "name": "endless", "regex": r"(?x)(?:a|aa)+c"}
UNSCANNABLE = Job(
    "unscannable",
    examples.unscannable,
    {
        "job": settings(
            dedup={},
            pii=identifiers(
                canaries={"documents": 0},
                max_seconds_per_document=2.5,
                recognizers={
                    "patterns": [
                        {
                            "entity": "ENDLESS",
                            "name": "endless",
                            "regex": r"(?x)(?:a|aa)+c",
                        }
                    ]
                },
            ),
        )
    },
    (run("clean"), *proof()),
)

AGAINST = Job(
    "against",
    examples.earlier_and_later,
    {
        "first": settings("first", "run-first", dedup={"containment": 0.8}),
        "job": settings("second", dedup={"containment": 0.8, "against": ["run-first"]}),
        "refused": settings(
            "second", "none", dedup={"against": ["run-first"], "ngram": 4}
        ),
        "stopped": settings("second", "stopped", dedup=CAUTIOUS),
    },
    (
        run("clean", "first"),
        run("clean"),
        *proof(),
        run("clean", "refused"),
        run("clean", "stopped"),
        run("audit", "stopped", "--set", "output=audited"),
    ),
)

EVERYTHING = Job(
    "everything",
    examples.with_recognizers(examples.with_items(examples.example_corpus)),
    {
        "job": settings(
            dedup={"containment": 0.8, "paragraphs": PARAGRAPHS, "repeats": {}},
            decontaminate=DECONTAMINATE | {"ngram": 8, "min_words": 9},
            pii=identifiers(entities=OPERATORS, recognizers=RECOGNIZERS),
            balance=BALANCE,
            encode={"embeddings": "none", "packed": {"length": 64}},
            gates=GATES,
        )
    },
    (
        run("audit"),
        *proof(),
        run("clean"),
        *proof(),
        run("encode", "job", "--strict"),
        run("run", "job", "--replace", "--format", "json"),
        *proof(),
        run("clean", "job", "--set", "dedup.threshold=0.99"),
        run("clean", "job", "--set", "dedup.threshold=0.99", "--replace"),
    ),
)

WAYS = Job(
    "ways",
    examples.with_items(examples.example_corpus),
    {
        "job": settings(
            dedup={
                "normalise": {"numbers": True, "lower_case": False},
                "fuzzy": False,
                "keep": "first",
                "paragraphs": {"split": "line", "min_characters": 10},
            },
            survey={"detect_languages": False, "count_mentions": False},
            decontaminate=DECONTAMINATE | {"action": "flag", "min_share": 0.5},
        ),
        "newest": settings(
            output="newest",
            dedup={"keep": "newest", "ngram": 3, "bands": 10, "rows": 2, "seed": 5},
            balance={"distance": "kl", "axes": {"gender": {"units": "documents"}}},
            beam={"workers": 2, "mode": "multi_processing"},
        ),
        "hard": settings(
            output="hard",
            dedup={"exact": False, "threshold": 0.5, "repeats": {"words": 10}},
            balance=BALANCE | {"bounds": [0.99, 1.01], "on_infeasible": "refuse"},
        ),
        "near": settings(
            output="near",
            beam={"workers": 2, "mode": "multi_threading"},
            balance={"bounds": [0.9, 1.1]},
            pii=identifiers(second_scan=False, entities=SURROGATES),
        ),
    },
    (
        run("clean"),
        *proof(),
        run("clean", "newest"),
        *proof("newest"),
        run("clean", "hard"),
        run("clean", "hard", "--set", "balance.on_infeasible=closest", "--replace"),
        *proof("hard"),
        run("clean", "near"),
        *proof("near"),
    ),
)

ERASE = Job(
    "forget",
    examples.wanted_gone,
    {
        "job": settings(dedup={"paragraphs": PARAGRAPHS}, pii=identifiers()),
        "bare": settings(output="bare"),
    },
    (
        run("clean"),
        ("forget", "run", "--value-file", "values.txt", "--dry-run"),
        ("forget", "run", "--value-file", "nobody.txt"),
        ("forget", "run", "--value-file", "values.txt", "--texts-only", "--dry-run"),
        ("forget", "run", "--value-file", "values.txt", "--format", "json"),
        *proof("run-forgotten-1"),
        *(
            ("forget", folder, "--value-file", "values.txt", *options)
            for folder in ("run", "run-forgotten-1")
            for options in (("--remove", "spans", "--output", f"{folder}-spans"),)
        ),
        *proof("run-spans"),
        run("clean", "bare"),
        ("forget", "bare", "--value-file", "values.txt", "--remove", "spans"),
        *proof("bare-forgotten-1"),
    ),
    # Without a detector there is no key but a random one.
    random={"bare-forgotten-1": ("value_key",)},
)

REFUSALS = Job(
    "refusals",
    examples.example_corpus,
    {
        "unknown": settings(dedup={"exakt": True}),
        "wrong": settings(pii={"mode": "quick", "max_seconds_per_document": 0}),
        "nowhere": settings("no-such-folder"),
        "column": settings()
        | {"inputs": [{"path": "corpus", "columns": {"text": "body"}}]},
        "key": settings(pii=identifiers(key_env="NO_SUCH_VARIABLE")),
        "model": settings(pii={"languages": {"en": "en_core_web_lg"}}),
        "runner": settings(beam={"runner": "FnApiRuner"}),
    },
    (
        *(
            run("clean", name)
            for name in (
                *("unknown", "wrong", "nowhere", "column", "key", "model", "runner"),
                "missing",
            )
        ),
        ("verify", "corpus"),
        ("explain", "corpus", "0123456789"),
        ("init", "made.yaml"),
        ("init", "made.yaml", "--profile", "identifiers"),
        ("init", "other.yaml", "--profile", "identifiers"),
        *(("schema", contract) for contract in ("config", "manifest", "tables")),
        *((verb, "--help") for verb in ("run", "forget", "explain", "evaluate")),
    ),
)

MADE_UP = (FORMATS, BROKEN, UNSCANNABLE, AGAINST, EVERYTHING, WAYS, ERASE, REFUSALS)
