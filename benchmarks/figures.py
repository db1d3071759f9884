"""One figure of a benchmark: what was measured beside what bounds it, both of the same run; a ratio, never a bare time.

A benchmark is a module with `measure()`, which returns its figures. What is measured runs in a process of its own, so
that its memory and its first imports are its own.
"""

import multiprocessing
import os
import platform
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from multiprocessing.connection import Connection
from typing import Any, Final, Literal

LIBRARIES: Final = ("apache-airflow", "pandas", "pyarrow", "numpy", "hubspot-api-client", "psycopg2-binary")
MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Figure:
    """`measured` and `limit` are in `unit`; the target is met where their ratio is at most (or least) `target`.

    `limit`: a limit that is set, or a baseline measured in the same run; `limit_is` says which.
    """

    name: str
    limit_is: str
    limit: float
    measured: float
    unit: str
    target: float = 1.0
    sense: Literal["at most", "at least"] = "at most"
    details: dict[str, Any] = field(default_factory=dict)
    why: str = ""  # what it mostly consists of: shown where the target is missed

    @property
    def ratio(self) -> float:
        return self.measured / self.limit

    @property
    def met(self) -> bool:
        return self.ratio <= self.target if self.sense == "at most" else self.ratio >= self.target


@dataclass(frozen=True, slots=True)
class Result:
    """What a function returned in a process of its own; times in seconds, memory in MiB, with all it imported."""

    value: Any
    wall: float
    cpu: float
    peak: float


def fresh(function: Callable[..., Any], *arguments: Any) -> Result:
    """Calls a function of a module in a new process. Raises RuntimeError where it fails; its words are on stderr."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_measured, args=(there, function, arguments))
    process.start()
    there.close()
    try:
        found: Result = here.recv()
    except EOFError:
        raise RuntimeError(f"{function.__module__}.{function.__name__} failed") from None
    finally:
        process.join()
    return found


def _measured(answer: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    begun, used = time.perf_counter(), time.process_time()
    value = function(*arguments)
    answer.send(Result(value, time.perf_counter() - begun, time.process_time() - used, peak()))


def peak() -> float:
    """The most memory that this process has held so far, in MiB.

    A new process counts what its parent held when it began: the one that calls `fresh` stays small.
    """
    kept = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kept / MIB if sys.platform == "darwin" else kept / 1024


def machine() -> dict[str, Any]:
    """Of this machine what a figure depends on, and nothing that names it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 1024**3, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def load() -> float:
    """How many processes wanted a core over the last minute."""
    return round(os.getloadavg()[0], 2)
