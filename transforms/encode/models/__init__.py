"""Finding tokenizer and model files, and what makes them these and no others."""

from __future__ import annotations

from isinglass.transforms.encode.models.files import ModelFile, check_models
from isinglass.transforms.encode.models.find import model_folder, tokenizer_file
from isinglass.transforms.encode.models.fit import check_fit, largest_id, longest_input
from isinglass.transforms.encode.models.folder import (
    CONFIG_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    model_settings,
    weight_files,
)
from isinglass.transforms.encode.models.hashes import file_sha256
from isinglass.transforms.encode.models.packaged import (
    MINILM,
    MINILM_NAME,
    packaged_folder,
)
from isinglass.transforms.encode.models.pooling import pooling_of

__all__ = [
    "CONFIG_FILE",
    "MINILM",
    "MINILM_NAME",
    "TOKENIZER_FILE",
    "WEIGHTS_FILE",
    "ModelFile",
    "check_fit",
    "check_models",
    "file_sha256",
    "largest_id",
    "longest_input",
    "model_folder",
    "model_settings",
    "packaged_folder",
    "pooling_of",
    "tokenizer_file",
    "weight_files",
]
