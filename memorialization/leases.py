"""A step works only while its run holds its window, and shows a sign of life as long as it lasts."""

import logging
import os
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import TYPE_CHECKING, Final

from memorialization.errors import LeaseLost, LedgerUnavailable
from memorialization.ledger.leases import LENGTH, Leases

if TYPE_CHECKING:
    from memorialization.run import Run

EVERY: Final = LENGTH / 5
"""Between two signs of life: some may fail, as while the database restarts."""

log = logging.getLogger(__name__)


@contextmanager
def taken(run: "Run", ledger: Leases, dag_run_id: str | None) -> Iterator[None]:
    """The run keeps its window until it is released, and does not where this context fails. Raises LeaseHeld.

    A later try of the same Airflow run takes over what the one before had.
    """
    process = f"command on {platform.node()}, process {os.getpid()}"
    holder = process if dag_run_id is None else f"Airflow run {dag_run_id}"
    start, end = run.window.start, run.window.end
    ledger.take_lease(run.configuration, start, end, run.run_id, holder, own=dag_run_id is not None)
    try:
        yield
    except BaseException:
        ledger.release_lease(run.run_id)
        raise


@contextmanager
def renewed(ledger: Leases, run_id: str) -> Iterator[None]:
    """Raises LeaseLost at the beginning; who is about to write asks `renew_lease` again (`RecordStore.write`)."""
    ledger.renew_lease(run_id)
    over = threading.Event()
    work = (_renew, ledger, run_id, over)
    thread = threading.Thread(target=copy_context().run, args=work, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _renew(ledger: Leases, run_id: str, over: threading.Event) -> None:
    while not over.wait(EVERY.total_seconds()):
        try:
            ledger.renew_lease(run_id)
        except LeaseLost:
            return  # the step meets it before it writes
        except LedgerUnavailable:
            log.warning("the lease of run %s could not be renewed; tried again soon", run_id)
