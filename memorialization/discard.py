"""Deletes files of ours below one folder, local or in an object store: no link is followed, no other file touched.

Whose a file is, its name tells; what is not ours stays, and so do the folders that hold it.
"""

import os
import re
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from memorialization.staging import reach

_STAGED: Final = re.compile(r".+\.(parquet|json)|\..+\.(parquet|json)\.\d+")  # the latter: not finished, see staging
_REPORT: Final = re.compile(r"\.?report\.\w+")


def is_staged(name: str) -> bool:
    """Whether a file of this name is one that a run stages."""
    return _STAGED.fullmatch(name) is not None


def is_report(name: str) -> bool:
    """Whether a file of this name is a report's."""
    return _REPORT.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Freed:
    """Files and bytes deleted (or, in a dry run, that would be), and how many entries are not ours and were left."""

    files: int = 0
    bytes: int = 0
    left: int = 0

    def __add__(self, other: "Freed") -> "Freed":
        return Freed(self.files + other.files, self.bytes + other.bytes, self.left + other.left)


def discard(address: str, ours: Callable[[str], bool], *, dry_run: bool) -> Freed:
    """Delete the files below `address` whose names are `ours`, and the folders that are empty then.

    A folder that is a link, or stands in one, is left as it is. Raises OSError where a file may not be deleted, and
    ServiceUnavailable where an object store does not answer.
    """
    if "://" in address:
        return _remote(address, ours, dry_run=dry_run)
    top = Path(address)
    if top.is_symlink() or top.parent.is_symlink():
        return Freed(left=1)
    if not top.is_dir():
        return Freed()
    freed = Freed()
    for _, folders, files, here in os.fwalk(top, topdown=False, follow_symlinks=False):
        for name in files:
            freed += _file(name, here, ours, dry_run=dry_run)
        for name in folders:
            freed += _folder(name, here, dry_run=dry_run)
    if not dry_run and not any(top.iterdir()):
        top.rmdir()
    return freed


def _file(name: str, here: int, ours: Callable[[str], bool], *, dry_run: bool) -> Freed:
    found = os.stat(name, dir_fd=here, follow_symlinks=False)
    if not stat.S_ISREG(found.st_mode) or not ours(name):
        return Freed(left=1)
    if not dry_run:
        os.unlink(name, dir_fd=here)
    return Freed(files=1, bytes=found.st_size)


def _folder(name: str, here: int, *, dry_run: bool) -> Freed:
    if stat.S_ISLNK(os.stat(name, dir_fd=here, follow_symlinks=False).st_mode):
        return Freed(left=1)
    if not dry_run:
        with suppress(OSError):  # something in it was left
            os.rmdir(name, dir_fd=here)
    return Freed()


def _remote(address: str, ours: Callable[[str], bool], *, dry_run: bool) -> Freed:
    freed = Freed()
    with reach(address) as (filesystem, root):
        for path, found in filesystem.find(root, detail=True).items():
            if not ours(PurePosixPath(path).name):
                freed += Freed(left=1)
                continue
            if not dry_run:
                filesystem.rm_file(path)
            freed += Freed(files=1, bytes=int(found.get("size") or 0))
    return freed
