"""What went wrong with a file of a run, and what to do about it."""

from __future__ import annotations

import errno
from pathlib import Path

from isinglass.schemas.errors import OutputError, RetryError


def explain_write_error(error: OSError, path: Path) -> Exception:
    """Turn an operating system error on writing into one that names the fix."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return RetryError(
            f"No space left on the device of {path}. Free some space and run the same "
            "command again: finished shards are kept."
        )
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return OutputError(
            f"No permission to write {path}. Choose another output folder."
        )
    if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.EINVAL, errno.ENAMETOOLONG}:
        return OutputError(
            f"{path} cannot be written ({error.strerror}). Choose another output."
        )
    return RetryError(f"Writing {path} failed: {error.strerror}. Try again.")
