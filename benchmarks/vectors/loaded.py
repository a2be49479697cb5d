"""Model, tokenizer and texts, loaded once for every run."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from benchmarks.vectors.alone import Alone, tokenise_alone
from benchmarks.vectors.arithmetic import (
    Shape,
    matrix_rate,
    read_shape,
)
from benchmarks.vectors.end_to_end import Job
from benchmarks.vectors.options import DEFAULT_BATCH_TOKENS
from benchmarks.vectors.random_models import RANDOM, save_random
from isinglass.transforms.encode.encoder.device import choose_precision
from isinglass.transforms.encode.encoder.encoder import load_encoder
from isinglass.transforms.encode.models.find import model_folder, tokenizer_file
from isinglass.transforms.encode.models.folder import model_settings
from isinglass.transforms.encode.tokenizers.tokenizer import load_tokenizer

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from benchmarks.vectors.options import Options
    from benchmarks.vectors.texts import Texts
    from isinglass.schemas.config import EncodeConfig


@dataclass(frozen=True)
class Settings:
    """What is read of `EncodeConfig`, whose libraries may be missing where a GPU is."""

    tokenizer: str
    model: str
    windows: str
    max_tokens: int
    precision: str
    device: str
    allow_download: bool = False
    revision: str | None = None
    special_tokens: bool = True
    stride: int = 0
    tokenizer_backend: str = "auto"
    verify_tokenizer: float = 0.001
    pooling: str = "auto"
    normalise: bool = True
    batch_tokens: int = DEFAULT_BATCH_TOKENS


@dataclass(frozen=True)
class Bench:
    """What has been loaded.

    Attributes:
        options: What is measured.
        settings: Of tokenizer and model.
        folder: Of the model.
        job: What every run does.
        shape: Of the model; None where its config.json does not say.
        precision: That the model computes in.
        rate: Of matrix products in that precision, operations a second.
        alone: The tokenizer by itself.
        deadline: By `time.perf_counter`; after it less is tried.
    """

    options: Options
    settings: EncodeConfig
    folder: Path
    job: Job
    shape: Shape | None
    precision: str
    rate: float
    alone: Alone
    deadline: float

    @property
    def device(self) -> torch.device:
        """That the model runs on."""
        return self.job.encoder.model.device

    @property
    def late(self) -> bool:
        """Whether nothing new is to begin."""
        return time.perf_counter() > self.deadline


def choose_settings(options: Options, scratch: Path) -> EncodeConfig:
    """Settings of tokenizer and model; a random model is made.

    Args:
        options: What is measured.
        scratch: Folder for a random model.
    """
    tokenizer = options.tokenizer or (
        "minilm" if options.model.startswith(RANDOM) else options.model
    )
    settings = Settings(
        tokenizer=tokenizer,
        model=options.model,
        windows="truncate",
        max_tokens=options.max_tokens,
        precision=options.precision,
        device=options.device,
    )
    if options.model.startswith(RANDOM):
        say(f"making {options.model}")
        vocabulary = tokenizer_file(_read_as(settings))
        folder = save_random(options.model, vocabulary, scratch / "model")
        settings = replace(settings, model=str(folder))
    return _read_as(settings)


def _read_as(settings: Settings) -> EncodeConfig:
    return cast("EncodeConfig", settings)


def load_bench(
    options: Options, settings: EncodeConfig, texts: Texts, deadline: float
) -> Bench:
    """Load tokenizer and model, and measure what every run is held against.

    Args:
        options: What is measured.
        settings: Of `choose_settings`.
        texts: Encoded in every run.
        deadline: By `time.perf_counter`; after it less is tried.
    """
    say(f"loading {options.model}")
    encoder = load_encoder(settings)
    tokenizer = load_tokenizer(settings)
    folder, device = model_folder(settings), encoder.model.device
    precision = choose_precision(settings.precision, device)
    kept = min(options.peer_documents, texts.documents) if options.peer else 0
    job = Job(texts, tokenizer, encoder, options.threads, kept, options.output)
    say(f"tokenising alone: {tokenizer.backend}")
    return Bench(
        options=options,
        settings=settings,
        folder=folder,
        job=job,
        shape=read_shape(model_settings(folder)),
        precision=precision,
        rate=matrix_rate(device, precision),
        alone=tokenise_alone(tokenizer, texts, encoder.max_tokens),
        deadline=deadline,
    )


def say(line: str) -> None:
    """Tell the one who waits."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
