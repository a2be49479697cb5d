"""Models by their name on the Hugging Face hub: from its local cache, or fetched.

The cache is looked into first and nothing is asked of the hub where it is enough, so
that every process of a run finds the same files. Only settings, tokenizers and
safetensors are ever requested, never a pickle and never code. A file is in the cache
whole or not at all; a model is used when all of its files are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isinglass.schemas.errors import (
    ConfigError,
    IsinglassError,
    RefuseError,
    RetryError,
)
from isinglass.transforms.encode import require
from isinglass.transforms.encode.models.folder import (
    CONFIG_FILE,
    INDEX_FILE,
    MODULES_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    weight_files,
)

_WEIGHTS = (WEIGHTS_FILE, INDEX_FILE, "model-*.safetensors")
_SETTINGS = (
    CONFIG_FILE,
    TOKENIZER_FILE,
    MODULES_FILE,
    "*_Pooling/config.json",
    "sentence_bert_config.json",
)
_NAME = re.compile(r"(?:[A-Za-z0-9][\w.-]*/)?[A-Za-z0-9][\w.-]*", re.ASCII)
_LONGEST_NAME = 96
_COMMIT = re.compile(r"[0-9a-f]{40}")
_BLOB = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Request:
    """What is looked for on the hub.

    `key` is that of the configuration, for messages: `encode.model` or
    `encode.tokenizer`. With `weights` a model is looked for, otherwise its tokenizer
    alone; with `pooling` also the files that say how vectors are pooled.
    """

    key: str
    name: str
    revision: str | None
    weights: bool = False
    pooling: bool = False


def is_hub_name(name: str) -> bool:
    """Whether the hub could have a repository of that name.

    Source: the rules of `huggingface_hub`: at most 96 letters, digits and `-_.`, no
    `--` or `..`, no `-` or `.` at an end, no `.git` behind, at most one owner.
    """
    return (
        len(name) <= _LONGEST_NAME
        and _NAME.fullmatch(name) is not None
        and not any(pair in name for pair in ("--", "..", "./", "-/"))
        and not name.endswith((".git", "-", "."))
    )


def snapshot_name(path: Path) -> tuple[str, str] | None:
    """Name and commit of a file or folder in the hub's cache; None for others.

    The cache has the form `models--OWNER--NAME/snapshots/COMMIT/`.
    """
    parts = path.absolute().parts
    for place, part in enumerate(parts[:-2]):
        commit = parts[place + 2]
        if (
            part.startswith("models--")
            and parts[place + 1] == "snapshots"
            and _COMMIT.fullmatch(commit)
        ):
            return part.removeprefix("models--").replace("--", "/"), commit
    return None


def expected_sha256(path: Path) -> str | None:
    """SHA-256 that the hub gives for a large file in its cache; None for others.

    The cache names the content of such a file by it and links to that.
    """
    blob = path.resolve()
    known = blob.parent.name == "blobs" and _BLOB.fullmatch(blob.name)
    return blob.name if known and snapshot_name(path) else None


def find_on_hub(request: Request, *, allow_download: bool) -> Path:
    """Folder with all files that are asked for.

    Raises:
        MissingExtraError: `huggingface_hub` is not installed.
        ConfigError: The files are not in the cache and must not be fetched, or there
            is no such model, or it is not open to everyone.
        RefuseError: The model has no safetensors, or no tokenizer.json.
        RetryError: The hub does not answer, or stopped in the middle.
    """
    require("huggingface_hub")
    folder = _cached(request)
    if folder is not None and _is_complete(folder, request):
        return folder
    if not allow_download:
        raise ConfigError(_not_cached(request, begun=folder is not None))
    # What was begun is completed, even where the branch has moved on.
    revision = folder.name if folder is not None else request.revision
    return _fetch(request, revision)


def _cached(request: Request) -> Path | None:
    """Snapshot of the wanted revision in the cache, not necessarily complete."""
    from huggingface_hub import snapshot_download  # noqa: PLC0415  (optional)
    from huggingface_hub.errors import LocalEntryNotFoundError  # noqa: PLC0415

    found: str | None
    try:
        found = snapshot_download(
            request.name, revision=request.revision, local_files_only=True
        )
    except LocalEntryNotFoundError as error:
        # Newer versions raise for a snapshot that lacks any file, wanted or not.
        found = getattr(error, "snapshot_path", None)
    return None if found is None else Path(found)


def _is_complete(folder: Path, request: Request) -> bool:
    if not request.weights:
        return (folder / TOKENIZER_FILE).is_file()
    try:
        weight_files(folder)
    except RefuseError:
        return False
    if not (folder / CONFIG_FILE).is_file():
        return False
    return not request.pooling or _knows_pooling(folder, request.name)


def _knows_pooling(folder: Path, name: str) -> bool:
    """Whether it is known what the model has to say about pooling.

    Other programs fetch the files that they need themselves, and modules.json may not
    be among them: that it is not here does not mean that the model has none.
    """
    import huggingface_hub  # noqa: PLC0415  (optional)

    if (folder / MODULES_FILE).is_file():
        modules = (folder / MODULES_FILE).read_text(encoding="utf-8")
        return "Pooling" not in modules or any(folder.glob("*_Pooling/config.json"))
    found: object = huggingface_hub.try_to_load_from_cache(
        name, MODULES_FILE, revision=folder.name
    )
    if found is not None and not isinstance(found, str):
        return True  # the hub has been asked and has none
    # A list of the model's files, which newer versions leave behind.
    listing = getattr(huggingface_hub, "get_cached_repo_tree", None)
    if listing is None:
        return False
    try:
        files = listing(name, revision=folder.name)
    except Exception:  # noqa: BLE001  (its class is in newer versions only)
        return False
    return MODULES_FILE not in {file.path for file in files}


def _fetch(request: Request, revision: str | None) -> Path:
    """Fetch the files that the cache lacks."""
    from huggingface_hub import (  # noqa: PLC0415  (optional)
        HfApi,
        constants,
        errors,
        hf_hub_download,
        snapshot_download,
    )

    if constants.HF_HUB_OFFLINE:
        raise ConfigError(
            f"{request.key}: {request.name!r} is not in the local cache of the hub, "
            "and HF_HUB_OFFLINE is set, so that it is not fetched. Unset it, or give a "
            "folder."
        )
    wanted = _SETTINGS + _WEIGHTS if request.weights else (TOKENIZER_FILE,)
    try:
        known = HfApi().model_info(request.name, revision=revision).siblings or []
        _check_listing(request, [file.rfilename for file in known])
        folder = Path(
            snapshot_download(
                request.name, revision=revision, allow_patterns=list(wanted)
            )
        )
        if request.pooling and not _knows_pooling(folder, request.name):
            # The cache remembers that the model has no modules.json, if it has none.
            with suppress(errors.EntryNotFoundError):
                hf_hub_download(request.name, MODULES_FILE, revision=folder.name)
    except IsinglassError:
        raise
    except Exception as error:  # the network library differs between versions
        raise _explained(request, error) from error
    # Without an answer in the middle, some versions return what was there before.
    if not _is_complete(folder, request):
        raise _incomplete(request, "parts are missing")
    return folder


def _check_listing(request: Request, files: Sequence[str]) -> None:
    """Refuse a model without usable files before any of them is fetched."""
    what = f"{request.key}: {request.name!r}"
    if not request.weights:
        if TOKENIZER_FILE not in files:
            raise RefuseError(
                f"{what} has no {TOKENIZER_FILE} on the hub. Save it with "
                "save_pretrained of a fast tokenizer and give that folder."
            )
        return
    if CONFIG_FILE not in files:
        raise RefuseError(f"{what} has no {CONFIG_FILE} on the hub. Choose an encoder.")
    if WEIGHTS_FILE not in files and INDEX_FILE not in files:
        raise RefuseError(
            f"{what} has no {WEIGHTS_FILE} on the hub. Weights in any other form are "
            "not read: a pickle can run any code when it is loaded. Convert them "
            "where you trust them (save_pretrained) and give that folder, or set "
            "encode.revision to one that has safetensors."
        )


def _explained(request: Request, error: Exception) -> Exception:
    from huggingface_hub import errors  # noqa: PLC0415  (optional)

    what = f"{request.key}: {request.name!r}"
    response: Any = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    if isinstance(error, errors.GatedRepoError):
        return ConfigError(
            f"{what} is open only to those who have agreed to its terms. Agree to "
            "them on its page, log in (hf auth login), or give a folder."
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return ConfigError(
            f"encode.revision: {request.name!r} has no {request.revision!r} on the "
            "hub. Give one of its branches, tags or commits, or leave the key out."
        )
    if isinstance(error, errors.RepositoryNotFoundError) or status in {401, 403, 404}:
        return ConfigError(
            f"{what} is not on the hub, or not for you. Correct the name, log in "
            "(hf auth login) if the model is private, or give a folder."
        )
    reason = f"it answered with status {status}" if status else "no answer"
    return _incomplete(request, reason)


def _incomplete(request: Request, reason: str) -> RetryError:
    return RetryError(
        f"{request.key}: {request.name!r} could not be fetched from the hub "
        f"({reason}). Nothing of it is used. Try again later, or give a folder."
    )


def _not_cached(request: Request, *, begun: bool) -> str:
    at = f" at {request.revision!r}" if request.revision else ""
    state, rest = "neither a folder nor in the local cache", "it"
    if begun:
        state, rest = "only in part in the local cache", "the rest"
    return (
        f"{request.key}: {request.name!r}{at} is {state} of the hub. Set "
        f"encode.allow_download: true to fetch {rest}, or give a folder that "
        "save_pretrained wrote."
    )
