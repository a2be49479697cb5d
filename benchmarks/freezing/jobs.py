"""Jobs that together use every verb, and every section and way of a configuration.

A job is a folder with inputs and configurations, and the command lines that are run in
it. All paths are relative, so that nothing depends on where the folder is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.freezing import corpus, examples
from benchmarks.freezing.drive import DAMAGE, EXPLAIN_ALL

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY_NAME = "FROZEN_KEY"
KEY = "a key that is the same for every list"

Settings = dict[str, Any]
Step = tuple[str, ...]


@dataclass(frozen=True)
class Job:
    """Inputs, configurations and what is done with them.

    Attributes:
        name: Name in the list.
        prepare: Writes the inputs into an empty folder.
        configs: Configurations by name; each is written as `NAME.yaml`.
        steps: Command lines, or `EXPLAIN_ALL` or `DAMAGE` with the folder of a run.
        needs: Folders without which the job is skipped.
    """

    name: str
    prepare: Callable[[Path], None]
    configs: dict[str, Settings] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    needs: tuple[Path, ...] = ()


def settings(path: str = "corpus", output: str = "run", **sections: Any) -> Settings:
    """A configuration over one input, in several shards."""
    return {
        "inputs": [{"path": path, "source": "web"}],
        "output": output,
        "seed": 3,
        "limits": {"shard_bytes": 20_000, "max_quarantine_rate": 1.0},
    } | sections


def run(verb: str, name: str = "job", *options: str) -> Step:
    """The command line that runs a configuration."""
    return (verb, "-c", f"{name}.yaml", *options)


def proof(folder: str = "run") -> tuple[Step, ...]:
    """Verify a run and explain a document of every fate."""
    return (("verify", folder, "--format", "json"), (EXPLAIN_ALL, folder))


def identifiers(**more: Any) -> Settings:
    """A `pii` section without a model."""
    return {
        "mode": "identifiers",
        "key_env": KEY_NAME,
        "canaries": {"documents": 40},
    } | more


OPERATORS: Settings = {
    "EMAIL_ADDRESS": {"operator": "surrogate"},
    "PHONE_NUMBER": {"operator": "mask", "threshold": 0.4},
    "IP_ADDRESS": {"operator": "generalise"},
    "CREDIT_CARD": {"operator": "redact", "threshold": 0.3},
    "IBAN_CODE": {"operator": "hash"},
    "US_SSN": {"operator": "keep", "threshold": 0.5},
    "SECRET": {"operator": "replace"},
    "URL_CREDENTIALS": {"operator": "mask"},
    "CN_ID_CARD": {"operator": "surrogate"},
    "CN_PLATE": {"operator": "generalise"},
    "PERSON": {"operator": "surrogate", "threshold": 0.6},
    "LOCATION": {"operator": "keep"},
    "DATE_TIME": {"operator": "generalise"},
    "BADGE": {"operator": "hash"},
}
"""Every operator at least once."""

SURROGATES: Settings = {
    name: {"operator": "surrogate"}
    for name in (
        *("EMAIL_ADDRESS", "PHONE_NUMBER", "IP_ADDRESS", "CREDIT_CARD", "IBAN_CODE"),
        *("CRYPTO", "SECRET", "URL_CREDENTIALS", "US_SSN", "CN_ID_CARD", "CN_PLATE"),
        *("CN_PASSPORT", "PERSON"),
    )
}

RECOGNIZERS: Settings = {
    "predefined": ["UkNinoRecognizer"],
    "countries": ["pl"],
    "files": ["recognizers.yaml"],
    "patterns": [
        {
            "entity": "BADGE",
            "name": "badge",
            "regex": r"ZQ-\d{4}-ZQ",
            "context": ["badge"],
        }
    ],
    "deny": [
        {"entity": "PROJECT", "values": ["Bluebird", "heron"]},
        {"entity": "SITE", "file": "sites.txt", "ignore_case": False},
    ],
    "allow": [
        {"entities": ["EMAIL_ADDRESS"], "values": ["person27@mailbox.io"]},
        {"values": [r"^185\.12\.64\.4"], "match": "regex"},
    ],
}


def _with_recognizers(prepare: Callable[[Path], None]) -> Callable[[Path], None]:
    def both(folder: Path) -> None:
        prepare(folder)
        (folder / "sites.txt").write_text("Berlin\nsilver\n")
        text = (corpus.ROOT / "examples" / "recognizers.yaml").read_text()
        (folder / "recognizers.yaml").write_text(text)

    return both


def _items(prepare: Callable[[Path], None]) -> Callable[[Path], None]:
    """Evaluation items beside made-up documents; two are in some of them."""

    def both(folder: Path) -> None:
        prepare(folder)
        rows = examples.example_rows(40)
        found = [" ".join(rows[n]["text"].split()[5:40]) for n in (12, 23)]
        texts = [*found, "too short", "What no document holds at all, " * 4, found[0]]
        examples.write_jsonl(folder / "items.jsonl", [{"q": text} for text in texts])

    return both


PARAGRAPHS: Settings = {"max_documents": 6, "remove": True}
DECONTAMINATE: Settings = {"files": ["items.jsonl"], "column": "q"}
CAUTIOUS: Settings = {"max_removed": {"source": 0.5, "sources": {"web": 0.01}}}
BALANCE: Settings = {
    "axes": {"gender": {"target": {"female": 0.6, "male": 0.4}, "units": "capped"}},
    "distance": "logit",
    "bounds": [0.5, 2.0],
}
GATES = [
    {
        "metric": "pii.recall",
        "slice": {"entity": "EMAIL_ADDRESS"},
        "op": ">=",
        "value": 0.9,
    },
    {"metric": "records.kept", "op": ">", "value": 1e6, "severity": "warning"},
]

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

UNSCANNABLE = Job(
    "unscannable",
    examples.unscannable,
    {
        "job": settings(
            dedup={},
            pii=identifiers(
                canaries={"documents": 0},
                max_seconds_per_document=1.5,
                recognizers={
                    "patterns": [
                        {"entity": "ENDLESS", "name": "endless", "regex": r"(a|aa)+$"}
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
    _with_recognizers(_items(examples.example_corpus)),
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
    _items(examples.example_corpus),
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
    ),
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

LABELLED = Job(
    "labelled",
    _with_recognizers(corpus.labelled_texts(150)),
    {
        "job": settings(
            dedup={}, pii=identifiers(entities=OPERATORS, recognizers=RECOGNIZERS)
        ),
        "surrogate": settings(output="surrogate", pii=identifiers(entities=SURROGATES)),
    },
    (
        run("clean"),
        *proof(),
        run("clean", "surrogate"),
        *proof("surrogate"),
        *(
            ("evaluate", "pii", "--data", "labelled.jsonl", *options)
            for options in (
                ("--mode", "fast", "--examples", "2", "--format", "json"),
                ("--mode", "identifiers", "--ignore", "TITLE"),
                ("--config", "job.yaml", "--map", "STREET_ADDRESS=PERSON"),
            )
        ),
    ),
    needs=(corpus.LABELLED,),
)

NAMES = Job(
    "names",
    _with_recognizers(corpus.some_of_corpus(300, 1_200)),
    {
        "job": settings(
            dedup={},
            pii={
                "key_env": KEY_NAME,
                "canaries": {"documents": 60},
                "entities": OPERATORS,
                "recognizers": RECOGNIZERS,
            },
            limits={"shard_bytes": 200_000},
        )
    },
    (run("clean"), *proof()),
    needs=(corpus.CORPUS,),
)

EXACT = Job(
    "exact",
    corpus.some_of_corpus(80, 800),
    {
        "job": settings(
            pii={
                "mode": "exact",
                "key_env": KEY_NAME,
                "canaries": {"documents": 5},
                "entities": {"PERSON": {}, "LOCATION": {}, "EMAIL_ADDRESS": {}},
            },
            limits={"shard_bytes": 200_000},
        )
    },
    (run("clean"), *proof()),
    needs=(corpus.CORPUS,),
)

ALL_OUTPUTS: Settings = {
    "max_tokens": 48,
    "verify_tokenizer": 0.2,
    "masks": True,
    "word_ids": True,
    "packed": {"length": 128, "end_token": "[PAD]"},
    "megatron": {"end_token": "[SEP]"},
    "embedding_type": "float16",
    "hidden_states": True,
    "semantic": {"clusters": 6, "duplicates": 0.8, "largest": 100, "iterations": 4},
}
WINDOWS: Settings = {
    "windows": "window",
    "max_tokens": 24,
    "stride": 4,
    "pooling": "cls",
    "normalise": False,
    "special_tokens": False,
    "precision": "bfloat16",
    "tokenizer_backend": "reference",
}
ENCODE = Job(
    "encode",
    corpus.some_of_corpus(240, 600),
    {
        "job": settings(dedup={}, encode=ALL_OUTPUTS),
        "windows": settings(output="windows", encode=WINDOWS),
        "cut": settings(
            output="cut",
            encode={
                "tokenizer": "gpt2",
                "windows": "truncate",
                "max_tokens": 32,
                "embeddings": "none",
                "packed": {"length": 64, "end_token": "<|endoftext|>"},
                "megatron": {},
            },
        ),
    },
    (
        run("clean"),
        run("encode"),
        *proof(),
        run("run", "windows", "--set", "inputs.0.path=corpus/a.parquet"),
        *proof("windows"),
        run("run", "cut", "--set", f"encode.tokenizer={corpus.TOKENIZERS}/gpt2_bpe"),
        *proof("cut"),
    ),
    needs=(corpus.CORPUS, corpus.TOKENIZERS),
)

WHOLE: Settings = {
    "limits": {"shard_bytes": 4 * 2**20},
    "dedup": {
        "containment": 0.9,
        "paragraphs": {"max_documents": 20, "remove": True},
        "repeats": {"documents": 1000},
    },
    "decontaminate": ["items.jsonl"],
    "balance": {},
}
CLEAN = Job(
    "corpus-clean",
    corpus.whole_corpus,
    {"job": settings(**WHOLE, pii=identifiers(canaries={"documents": 500}))},
    (run("clean"), *proof()),
    needs=(corpus.CORPUS,),
)
AUDIT = Job(
    "corpus-audit",
    corpus.whole_corpus,
    {
        "job": settings(
            limits=WHOLE["limits"],
            survey={"detect_languages": False},
            dedup={"keep": "first", "paragraphs": {"split": "line"}},
            decontaminate={"files": ["items.jsonl"], "action": "flag", "ngram": 10},
        )
    },
    (run("audit"), ("verify", "run", "--format", "json")),
    needs=(corpus.CORPUS,),
)

JOBS = (
    *(FORMATS, BROKEN, UNSCANNABLE, AGAINST, EVERYTHING, WAYS, ERASE, REFUSALS),
    *(LABELLED, NAMES, EXACT, ENCODE, CLEAN, AUDIT),
)
