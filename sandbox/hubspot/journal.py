"""What came in over HTTP is never lost and never doubled: one JSON line per change, in order.

Lines are handed to the operating system in one write per request, so a killed process leaves at most one cut
last line, which is dropped. Generated ids are part of the line: replay gives the identical state. Faults stand there
too, by name; they are not met again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from sandbox.hubspot.portal import Portal, Source

_TIMELESS = ("define", "undefine", "define_group", "undefine_group", "dissociate")


@dataclass(frozen=True)
class Change:
    """One call of a Portal method, by name and keyword arguments (JSON values and, for writes, the
    source).
    """

    method: str
    arguments: dict[str, Any]
    source: Source | None = None

    def apply(self, portal: Portal, at: datetime) -> Change:
        """Make the change and return it complete, with the id that a create was given."""
        timed = {} if self.method in _TIMELESS else {"at": at}
        sourced = {} if self.source is None else {"source": self.source}
        result = getattr(portal, self.method)(**self.arguments, **timed, **sourced)
        if self.method != "create":
            return self
        return replace(self, arguments=self.arguments | {"record_id": result})


class Journal:
    """An append-only file of changes; the folder must exist, the file need not."""

    def __init__(self, path: Path) -> None:
        self._path = path
        whole = self._whole()
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.ftruncate(self._file, len(whole))

    def append(self, changes: list[Change], at: datetime) -> None:
        """Add the changes of one request, all made at the same instant."""
        self._write([asdict(change) for change in changes], at)

    def note(self, request: str, fault: str, at: datetime) -> None:
        """Add a fault that a request ("METHOD /path") met."""
        self._write([{"request": request, "fault": fault}], at)

    def _write(self, rows: list[dict[str, Any]], at: datetime) -> None:
        view = memoryview(b"".join(orjson.dumps({"at": at.isoformat(), **row}) + b"\n" for row in rows))
        while view:
            view = view[os.write(self._file, view) :]

    def events(self) -> Iterator[tuple[datetime, Callable[[Portal], None]]]:
        """What the file holds, in time order: the instant, and how to make the change again."""
        for line in self._whole().splitlines():
            row = orjson.loads(line)
            if "fault" in row:
                continue
            at = datetime.fromisoformat(row["at"]).astimezone(UTC)
            source = None if row["source"] is None else Source(**row["source"])
            yield at, partial(_replay, Change(row["method"], row["arguments"], source), at)

    def close(self) -> None:
        os.close(self._file)

    def _whole(self) -> bytes:
        data = self._path.read_bytes() if self._path.exists() else b""
        return data[: data.rfind(b"\n") + 1]


def _replay(change: Change, at: datetime, portal: Portal) -> None:
    change.apply(portal, at)
