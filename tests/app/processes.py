"""`memorialize` in a process of its own and at another time, forked from a server that has imported everything.

Starting Python, pandas and Great Expectations takes longer than a small night; so it is done once.
"""

import datetime as calendar
import multiprocessing
import os
import sys
from collections.abc import Callable, Mapping
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


Jump = tuple[int, calendar.timedelta]
"""After so many looks at the clock it jumps by so much."""


def nothing() -> None:
    pass


def memorialize(
    *arguments: str,
    now: calendar.datetime,
    log: Path,
    jump: Jump = (0, calendar.timedelta()),
    prepare: Callable[[], None] = nothing,
) -> ForkServerProcess:
    """Start a command with this environment; for it, it is `now`. What it says stands in `log`, .out and .err.

    `prepare` is called in the process before the command; it must be a function that can be sent there.
    """
    shift = now - calendar.datetime.now(calendar.UTC)
    started = (arguments, dict(os.environ), shift, jump, prepare, str(log))
    process = _server.Process(target=_main, args=started, daemon=True)
    process.start()
    return process


def _main(
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    shift: calendar.timedelta,
    jump: Jump,
    prepare: Callable[[], None],
    log: str,
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    for number, ending in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{log}.{ending}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), number)
    sys.stdout, sys.stderr = os.fdopen(1, "w", buffering=1), os.fdopen(2, "w", buffering=1)
    for name in IMPORTED:
        import_module(name)
    _Moved.shift, _Moved.jump = shift, jump
    for name, module in list(sys.modules.items()):
        if name.startswith(OURS) and "datetime.now(" in Path(module.__file__ or os.devnull).read_text():
            vars(module)["datetime"] = _Datetime
    from app.cli import main

    prepare()
    main(list(arguments))


class _Moved(type):
    """What stands for `datetime` in a module that asks for the time: `now` is moved, the rest is the real one's."""

    shift: calendar.timedelta
    jump: Jump
    looks = 0

    def now(cls, zone: calendar.tzinfo | None = None) -> calendar.datetime:
        cls.looks += 1
        if cls.looks == cls.jump[0]:
            cls.shift += cls.jump[1]
        return calendar.datetime.now(zone) + cls.shift

    def __call__(cls, *arguments: Any, **named: Any) -> calendar.datetime:
        return calendar.datetime(*arguments, **named)

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, calendar.datetime)

    def __getattr__(cls, name: str) -> Any:
        return getattr(calendar.datetime, name)


class _Datetime(metaclass=_Moved):
    pass
