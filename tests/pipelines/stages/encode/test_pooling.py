"""Another pooling in the model's own files makes another run of the same settings."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from isinglass.pipelines.run import prepare
from isinglass.transforms.encode.models.find import packaged_folder
from tests.encoded import request_of, write_topics

if TYPE_CHECKING:
    from pathlib import Path


def test_a_changed_pooling_file_is_another_run(tmp_path: Path) -> None:
    write_topics(tmp_path / "corpus", 3)
    model = tmp_path / "model"
    shutil.copytree(packaged_folder(), model)
    request = request_of(tmp_path, {"model": str(model), "tokenizer": str(model)})
    first, again = prepare(request).identity, prepare(request).identity
    assert first.run_id == again.run_id
    path = model / "1_Pooling" / "config.json"
    content = json.loads(path.read_text())
    content |= {"pooling_mode_mean_tokens": False, "pooling_mode_cls_token": True}
    path.write_text(json.dumps(content))
    assert prepare(request).identity.run_id != first.run_id
