"""One process at a time in a folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from amorphology.errors import ConfigError

__all__ = ["folder_lock"]


@contextmanager
def folder_lock(folder: Path, mend: str) -> Iterator[None]:
    """
    Hold a folder, made if need be, against other processes that ask for it too.

    Parameters
    ----------
    folder
        The folder.
    mend
        What to do if it cannot be had, for the error messages.

    Raises
    ------
    ConfigError
        If another process holds it, or it is a file.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise ConfigError(f"{folder} is not a folder; {mend}") from None
    # The lock is on the folder itself, goes with the process however it dies, and leaves no file.
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(f"another process writes into {folder}; wait, or {mend}") from None
        yield
    finally:
        os.close(handle)
