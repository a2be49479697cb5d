# ruff: noqa: RUF001 - Chinese text has punctuation of its own.
"""Names in Chinese text: a surname, and a word that names people right beside it."""

from __future__ import annotations

import pyarrow as pa
import pytest

from isinglass.schemas.config.pii import EntityConfig, PiiConfig, default_entities
from isinglass.transforms.pii.detector import Detector, build_detector


@pytest.fixture(scope="module")
def chinese() -> Detector:
    entities = {"CN_PERSON": EntityConfig(threshold=0.5)}
    return build_detector(PiiConfig(mode="identifiers", entities=entities))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("姓名：王小明，电话", ["王小明"]),
        ("我叫林霞。", ["林霞"]),
        ("联系人: 欧阳娜娜", ["欧阳娜娜"]),
        ("客户胡浩的身份证", ["胡浩"]),
        ("李雷先生来了", ["李雷"]),
        ("原告张伟与被告刘洋", ["张伟", "刘洋"]),
        ("王小明来了", []),
        ("姓名：必填", []),
        ("姓名栏", []),
        ("尊敬的先生", []),
    ],
)
def test_a_name_needs_a_surname_and_a_word_beside_it(
    chinese: Detector, text: str, names: list[str]
) -> None:
    found = chinese.detect(pa.array([text]), pa.array(["zh"])).findings.to_pylist()
    assert [text[row["start"] : row["end"]] for row in found] == names


def test_it_is_off_by_default() -> None:
    assert "CN_PERSON" not in default_entities()
