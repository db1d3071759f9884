"""`memorialize` in a process of its own and at another time, forked from a server that has imported everything.

Starting Python, pandas and Great Expectations takes longer than a small night; so it is done once.
"""

import datetime as calendar
import multiprocessing
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

IMPORTED = (
    "great_expectations", "app.backfill", "app.cli", "app.nights", "app.runner", "app.verdict",
    "memorialization.report.build", "memorialization.report.files", "plugins.cxone.source", "plugins.hubspot.connect",
)  # fmt: skip
OURS = ("app.", "memorialization.", "plugins.")

_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload(list(IMPORTED))


def memorialize(*arguments: str, now: calendar.datetime, log: Path) -> ForkServerProcess:
    """Start a command with this environment; for it, it is `now`. What it says stands in `log`, .out and .err."""
    shift = now - calendar.datetime.now(calendar.UTC)
    process = _server.Process(target=_main, args=(arguments, dict(os.environ), shift, str(log)), daemon=True)
    process.start()
    return process


def _main(arguments: tuple[str, ...], environment: Mapping[str, str], shift: calendar.timedelta, log: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    for number, ending in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{log}.{ending}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), number)
    sys.stdout, sys.stderr = os.fdopen(1, "w", buffering=1), os.fdopen(2, "w", buffering=1)
    for name in IMPORTED:
        import_module(name)
    _Moved.shift = shift
    for name, module in list(sys.modules.items()):
        if name.startswith(OURS) and "datetime.now(" in Path(module.__file__ or os.devnull).read_text():
            vars(module)["datetime"] = _Datetime
    from app.cli import main

    main(list(arguments))


class _Moved(type):
    """What stands for `datetime` in a module that asks for the time: `now` is moved, the rest is the real one's."""

    shift: calendar.timedelta

    def now(cls, zone: calendar.tzinfo | None = None) -> calendar.datetime:
        return calendar.datetime.now(zone) + cls.shift

    def __call__(cls, *arguments: Any, **named: Any) -> calendar.datetime:
        return calendar.datetime(*arguments, **named)

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, calendar.datetime)

    def __getattr__(cls, name: str) -> Any:
        return getattr(calendar.datetime, name)


class _Datetime(metaclass=_Moved):
    pass
