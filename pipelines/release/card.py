"""`README.md`: a dataset card as the Hugging Face hub reads it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from isinglass.pipelines.release.inert import Markdown, front_matter
from isinglass.pipelines.release.render import render
from isinglass.pipelines.report.text import visible

if TYPE_CHECKING:
    from isinglass.pipelines.release.facts import Facts

CONFIG = "default"
SPLIT = "train"

_HUB_NAMES = {
    "gpl-2.0": "gpl-2.0",
    "gpl-3.0": "gpl-3.0",
    "lgpl-2.1": "lgpl-2.1",
    "lgpl-3.0": "lgpl-3.0",
    "agpl-3.0": "agpl-3.0",
    "odc-by-1.0": "odc-by",
    "odbl-1.0": "odbl",
    "pddl-1.0": "pddl",
}
_HUB = (
    "apache-2.0 mit bsd-2-clause bsd-3-clause bsd-3-clause-clear cc0-1.0 cc-by-2.0 "
    "cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 "
    "cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 "
    "cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0 cdla-permissive-1.0 "
    "cdla-permissive-2.0 wtfpl ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2 "
    "isc lppl-1.3c ms-pl mpl-2.0 osl-3.0 postgresql ofl-1.1 ncsa unlicense zlib"
)
"""Licences that the hub knows under the name that SPDX has, in small letters."""

_SIZES = (
    (10**3, "n<1K"),
    (10**4, "1K<n<10K"),
    (10**5, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"),
    (10**9, "100M<n<1B"),
    (10**10, "1B<n<10B"),
    (10**11, "10B<n<100B"),
    (10**12, "100B<n<1T"),
)
_BCP47 = re.compile(r"[a-z]{2,3}")
_TYPES = {
    "halffloat": "float16",
    "float": "float32",
    "double": "float64",
    "date32[day]": "date32",
    "date64[ms]": "date64",
}


def card(facts: Facts) -> str:
    """The card: what programs read, then what people read."""
    return render("README.md.j2", facts, head=_head(facts))


def _head(facts: Facts) -> Markdown:
    languages = [name for name in facts.named_languages if _BCP47.fullmatch(name)]
    values: dict[str, Any] = {
        "pretty_name": visible(facts.title),
        **_licence(facts),
        "language": languages,
        "multilinguality": ["multilingual" if len(languages) > 1 else "monolingual"],
        "annotations_creators": ["machine-generated"],
        "task_categories": ["text-generation"],
        "size_categories": [Markdown(size_category(facts.whole.documents))],
        "tags": ["croissant", "isinglass"],
        "configs": [
            {
                "config_name": CONFIG,
                "default": True,
                "data_files": [{"split": SPLIT, "path": "data/*.parquet"}],
            }
        ],
        "dataset_info": {
            "config_name": CONFIG,
            "features": features(facts.columns),
            "splits": [
                {
                    "name": SPLIT,
                    "num_bytes": facts.memory,
                    "num_examples": sum(file.rows for file in facts.data),
                }
            ],
            "download_size": sum(file.bytes for file in facts.data),
            "dataset_size": facts.memory,
        },
    }
    if not languages:
        del values["language"], values["multilinguality"]
    return front_matter(values)


def _licence(facts: Facts) -> dict[str, str]:
    """As the hub has it: one of its names, or `other` with a name."""
    licence, link = facts.settings.licence, facts.settings.licence_url
    if licence is None:
        return {"license": "unknown"}
    plain = re.sub(r"-(only|or-later)$", "", licence.lower())
    known = _HUB_NAMES.get(plain, plain)
    if known in _HUB.split() or plain in _HUB_NAMES:
        return {"license": known}
    named = {"license": "other", "license_name": licence}
    return named | ({"license_link": link} if link else {})


def size_category(count: int) -> str:
    """The hub's name for a number of documents."""
    return next((name for limit, name in _SIZES if count < limit), "n>1T")


def features(schema: pa.Schema) -> list[dict[str, Any]]:
    """Columns as `dataset_info` has them."""
    return [{"name": field.name, **_kind(field.type)} for field in schema]


def _kind(kind: pa.DataType) -> dict[str, Any]:
    """A type as `datasets` writes it into a card."""
    if pa.types.is_dictionary(kind):
        return _kind(kind.value_type)
    if pa.types.is_struct(kind):
        return {"struct": features(pa.schema(list(kind)))}
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        inner = _kind(kind.value_type)
        return {"list": inner.get("dtype", inner.get("struct", inner))}
    name = str(kind)
    return {"dtype": _TYPES.get(name, name)}
