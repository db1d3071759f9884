"""A night in a process of its own, so that several can go side by side: each changes the environment of its process."""

import shutil
import tempfile
from contextlib import ExitStack
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

from local.stage import PROJECT
from tests.chaos import results
from tests.chaos.database import Database, database
from tests.chaos.night import carried_out
from tests.chaos.plans import plan


def alone(seed: int, number: int, folder: Path) -> dict[str, Any]:
    """The files of a night that ended wrong are kept."""
    work = folder / f"night-{number}"
    work.mkdir()
    night = results.as_data(carried_out(plan(seed, number), _database(), work))
    if night["wrong"]:
        shutil.rmtree(kept(seed, number), ignore_errors=True)
        shutil.copytree(work, kept(seed, number))
    shutil.rmtree(work)
    return night


@cache
def _database() -> Database:
    """This process's own, for all its nights."""
    stack = ExitStack()
    Finalize(None, stack.close, exitpriority=10)
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-ledger-"))
    return stack.enter_context(database(Path(folder)))


def kept(seed: int, number: int) -> Path:
    return PROJECT / "var" / "chaos" / f"{seed}-{number}"
