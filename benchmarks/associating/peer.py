"""WEFE and gensim on the same vectors; run by an interpreter that has them.

It is given `vectors`, and either `words` to look up or `tests`, each with four lists of
words, and how many partitions are drawn. It says how it went as JSON on its last line.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from gensim.models import KeyedVectors


def effects(vectors: Any, tests: dict[str, Any], iterations: int) -> dict[str, Any]:
    """Effect and probability of every test, as WEFE has them."""
    from wefe.metrics import WEAT  # noqa: PLC0415
    from wefe.query import Query  # noqa: PLC0415
    from wefe.word_embedding_model import WordEmbeddingModel  # noqa: PLC0415

    model, told = WordEmbeddingModel(vectors, "vectors"), {}
    for name, sets in tests.items():
        found = WEAT().run_query(
            Query(sets[:2], sets[2:], ["x", "y"], ["a", "b"]),
            model,
            return_effect_size=True,
            calculate_p_value=iterations > 0,
            p_value_iterations=iterations,
        )
        told[name] = {"d": float(found["effect_size"]), "p": found.get("p_value")}
    return told


def main() -> None:
    """Answer one question."""
    asked = json.load(sys.stdin)
    vectors = KeyedVectors.load_word2vec_format(asked["vectors"])
    told: dict[str, Any] = {"words": len(vectors.key_to_index)}
    if "tests" in asked:
        told |= effects(vectors, asked["tests"], asked["iterations"])
    print(json.dumps(told))


if __name__ == "__main__":
    main()
