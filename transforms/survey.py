"""What the survey keeps of a document: hashes and counts, never text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.config import (
    DecontaminateConfig,
    DedupConfig,
    NormaliseConfig,
    ParagraphsConfig,
    SurveyConfig,
)
from isinglass.transforms.decontaminate.search import find_items
from isinglass.transforms.dedup.fingerprints import winnow
from isinglass.transforms.dedup.minhash import band_hashes
from isinglass.transforms.dedup.paragraphs import paragraph_keys
from isinglass.transforms.dedup.shingles import shingle
from isinglass.transforms.demographics.counts import MentionCounts, count_mentions
from isinglass.transforms.demographics.lexicon import group_names
from isinglass.transforms.labels import is_language_tag, safe_labels
from isinglass.transforms.language import UNDETERMINED, detect_languages
from isinglass.transforms.normalise import is_blank, normalise
from isinglass.transforms.read.identity import doc_id_words
from isinglass.transforms.text import content_hashes, word_counts

if TYPE_CHECKING:
    from isinglass.transforms.decontaminate.items import ItemIndex


@dataclass(frozen=True)
class SurveySettings:
    """The sections of the configuration that the survey depends on.

    Attributes:
        dedup: None leaves out everything that only deduplication needs.
        survey: What is measured besides.
        decontaminate: None looks for no evaluation items.
    """

    dedup: DedupConfig | None
    survey: SurveyConfig = field(default_factory=SurveyConfig)
    decontaminate: DecontaminateConfig | None = None

    @property
    def fuzzy(self) -> DedupConfig | None:
        """The `dedup` section if near-duplicates are looked for."""
        return self.dedup if self.dedup is not None and self.dedup.fuzzy else None

    @property
    def paragraphs(self) -> ParagraphsConfig | None:
        """What a paragraph is, if boilerplate is looked for."""
        return self.dedup.paragraphs if self.dedup is not None else None

    @property
    def normalise(self) -> NormaliseConfig:
        """How texts are normalised before they are compared."""
        return self.dedup.normalise if self.dedup is not None else NormaliseConfig()


@dataclass(frozen=True)
class Survey:
    """The survey of one batch.

    Attributes:
        table: One row a document, with the schema of `survey_schema`.
        languages: Language of each document: its own, or the detected one.
        mentions: Demographic mention counts; None when they are not counted.
    """

    table: pa.RecordBatch
    languages: pa.StringArray
    mentions: MentionCounts | None


def band_name(band: int) -> str:
    """Name of the survey column that holds one band's hashes."""
    return f"band_{band:03d}"


def survey_schema(settings: SurveySettings) -> pa.Schema:
    """Schema of the survey's side table.

    `text_words` are counted as `text.word_counts` does, `words` as mentions are;
    `id_key` is 0 for a document without a source id; `mentions` follows
    `group_names()`. With near-duplicates on: `unit` says what a shingle is made of
    (`shingles.NO_UNIT` where there is none), each band has a column of 64-bit hashes
    (0 without shingles), so that matching can read one band after the other, and
    `fingerprints` serve containment. `paragraphs` holds the distinct keys of a
    document's paragraphs, `only_long` that all of them count. `evaluation_item` is the
    number of the evaluation item that a document holds, -1 for none.
    """
    fields = [
        pa.field("row", pa.int64(), nullable=False),
        pa.field("doc_high", pa.uint64(), nullable=False),
        pa.field("doc_low", pa.uint64(), nullable=False),
        pa.field("hash_high", pa.uint64(), nullable=False),
        pa.field("hash_low", pa.uint64(), nullable=False),
        pa.field("id_key", pa.uint64(), nullable=False),
        pa.field("characters", pa.int64(), nullable=False),
        pa.field("text_words", pa.int64(), nullable=False),
        pa.field("blank", pa.bool_(), nullable=False),
        pa.field("language", pa.string(), nullable=False),
        pa.field("source", pa.string()),
        pa.field("collected_at", pa.string()),
        pa.field("covered", pa.bool_(), nullable=False),
        pa.field("words", pa.int64(), nullable=False),
        pa.field("mentions", pa.list_(pa.int32(), len(group_names())), nullable=False),
    ]
    if settings.decontaminate is not None:
        fields.append(pa.field("evaluation_item", pa.int32(), nullable=False))
        fields.append(pa.field("evaluation_share", pa.float64(), nullable=False))
    if settings.paragraphs is not None:
        fields.append(pa.field("paragraphs", pa.large_list(pa.uint64())))
        fields.append(pa.field("only_long", pa.bool_(), nullable=False))
    fuzzy = settings.fuzzy
    if fuzzy is not None:
        fields.append(pa.field("unit", pa.uint8(), nullable=False))
        if fuzzy.containment is not None:
            fields.append(pa.field("fingerprints", pa.large_list(pa.uint64())))
        fields += [
            pa.field(band_name(band), pa.uint64(), nullable=False)
            for band in range(fuzzy.bands)
        ]
    return pa.schema(fields)


def survey_documents(
    documents: pa.RecordBatch, settings: SurveySettings, items: ItemIndex | None = None
) -> Survey:
    """Survey a batch of documents (`tables.DOCUMENTS` and carried columns).

    Args:
        documents: The batch.
        settings: What is wanted.
        items: Evaluation items; needed if and only if `settings.decontaminate` is set.

    Raises:
        ValueError: The evaluation items are missing.
    """
    texts = documents.column("text")
    normalised = normalise(texts, settings.normalise)
    ids = doc_id_words(documents.column("doc_id"))
    hashes = content_hashes(normalised)
    languages = known_languages(documents, detect=settings.survey.detect_languages)
    counted = settings.survey.count_mentions
    mentions = count_mentions(texts, languages) if counted else None
    sources = safe_labels(documents.column("source"))
    columns = {
        "row": documents.column("row"),
        "doc_high": pa.array(ids[:, 0]),
        "doc_low": pa.array(ids[:, 1]),
        "hash_high": pa.array(hashes[:, 0]),
        "hash_low": pa.array(hashes[:, 1]),
        "id_key": pa.array(_id_keys(documents)),
        "characters": pc.cast(pc.utf8_length(texts), pa.int64()),
        "text_words": pa.array(word_counts(texts)),
        "blank": pa.array(is_blank(texts)),
        "language": languages,
        "source": sources,
        "collected_at": documents.column("collected_at"),
        **_mention_columns(mentions, documents.num_rows),
        **_near_columns(normalised, settings.fuzzy),
        **_paragraph_columns(texts, sources, settings),
        **_item_columns(texts, normalised, settings, items),
    }
    schema = survey_schema(settings)
    table = pa.RecordBatch.from_arrays(
        [columns[n] for n in schema.names], schema=schema
    )
    return Survey(table, languages, mentions)


def _mention_columns(
    mentions: MentionCounts | None, documents: int
) -> dict[str, pa.Array]:
    if mentions is None:
        mentions = MentionCounts(
            np.zeros((documents, len(group_names())), np.int32),
            np.zeros(documents, np.bool_),
            np.zeros(documents, np.int64),
        )
    return {
        "covered": pa.array(mentions.covered),
        "words": pa.array(mentions.words.astype(np.int64)),
        "mentions": _fixed_lists(mentions.counts),
    }


def _near_columns(
    normalised: pa.StringArray, fuzzy: DedupConfig | None
) -> dict[str, pa.Array]:
    """What near-duplicates are found by; nothing when they are not looked for."""
    if fuzzy is None:
        return {}
    shingles = shingle(normalised, fuzzy.ngram)
    bands = np.ascontiguousarray(band_hashes(shingles, fuzzy).hashes.T)
    columns = {band_name(band): pa.array(keys) for band, keys in enumerate(bands)}
    columns["unit"] = pa.array(shingles.unit)
    if fuzzy.containment is not None:
        found = winnow(shingles)
        columns["fingerprints"] = pa.LargeListArray.from_arrays(
            pa.array(found.offsets), pa.array(found.values)
        )
    return columns


def _paragraph_columns(
    texts: pa.StringArray, sources: pa.StringArray, settings: SurveySettings
) -> dict[str, pa.Array]:
    """What boilerplate is counted by; nothing when it is not looked for."""
    if settings.paragraphs is None:
        return {}
    found = paragraph_keys(texts, sources, settings.normalise, settings.paragraphs)
    keys, offsets = found.distinct()
    lists = pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(keys))
    return {"paragraphs": lists, "only_long": pa.array(found.only_long)}


def _item_columns(
    texts: pa.StringArray,
    normalised: pa.StringArray,
    settings: SurveySettings,
    items: ItemIndex | None,
) -> dict[str, pa.Array]:
    """The evaluation item in each document; nothing when none are looked for."""
    if settings.decontaminate is None:
        return {}
    if items is None:
        raise ValueError("decontaminate is set, but no evaluation items are given")
    plain = NormaliseConfig()
    found = find_items(
        normalised if settings.normalise == plain else normalise(texts, plain), items
    )
    return {
        "evaluation_item": pa.array(found.item),
        "evaluation_share": pa.array(found.share),
    }


def known_languages(
    documents: pa.RecordBatch, *, detect: bool = True
) -> pa.StringArray:
    """The documents' own language tag where they have one, else the detected one.

    Args:
        documents: `tables.DOCUMENTS` and carried columns.
        detect: False answers `und` instead of looking at the text.
    """
    given = documents.column("language")
    unknown = pc.invert(pc.fill_null(is_language_tag(given), fill_value=False))
    if not pc.any(unknown).as_py():
        return given
    if not detect:
        return pc.if_else(unknown, UNDETERMINED, given)
    detected = detect_languages(documents.column("text").filter(unknown))
    return pc.replace_with_mask(given, unknown, detected)


def _id_keys(documents: pa.RecordBatch) -> np.ndarray:
    given = documents.column("source_id")
    source = pc.fill_null(documents.column("source"), "")
    joined = pc.binary_join_element_wise(source, pc.fill_null(given, ""), "\x1f")
    keys = content_hashes(joined)[:, 0].copy()
    keys[pc.is_null(given).to_numpy(zero_copy_only=False)] = 0
    return keys


def _fixed_lists(counts: np.ndarray) -> pa.Array:
    flat = np.ascontiguousarray(counts, dtype=np.int32).reshape(-1)
    return pa.FixedSizeListArray.from_arrays(pa.array(flat), counts.shape[1])
