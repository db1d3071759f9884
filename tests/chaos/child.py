"""What a run of a chaotic night is made to bear in its own process: small batches, short waits, a full disk."""

import resource
import signal
from dataclasses import dataclass
from functools import partial

import pytest

from tests.app.command import impatient

GIVES_UP = 5.0
"""Seconds after which our client does not wait for HubSpot's answer any more, in place of 60."""


@dataclass(frozen=True, slots=True)
class Body:
    """`batch`: records a call writes; `page`: calls that CXone tells a page; `room`: bytes that a file may have."""

    batch: int = 100
    page: int = 1000
    room: int | None = None

    @property
    def prepare(self) -> "partial[None]":
        return partial(_prepare, self)


def _prepare(body: Body) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts background jobs with it ignored
    patch = pytest.MonkeyPatch()  # of a process that ends with the run
    impatient(patch)
    patch.setattr("plugins.hubspot.client.TIMEOUT", (5, GIVES_UP))
    patch.setattr("plugins.hubspot.limits.FRESH", 0)  # a day that is used up is asked for anew by the next run
    patch.setattr("plugins.hubspot.write.BATCH", body.batch)
    patch.setattr("plugins.hubspot.create.BATCH", body.batch)
    patch.setattr("plugins.cxone.voice.PAGE", body.page)
    if body.room is not None:  # the nearest to a full disk that needs no rights: EFBIG in place of ENOSPC
        resource.setrlimit(resource.RLIMIT_FSIZE, (body.room, resource.RLIM_INFINITY))
