"""A step at work, as seen from outside: whose it is stands beside all it logs, and what it took is told at its end."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from app import metrics
from memorialization.errors import LeaseHeld, MemorializationError
from memorialization.logs import about
from memorialization.run import Ports

log = logging.getLogger(__name__)


@contextmanager
def watched(configuration: str, step: str, part: str, outside: Ports, run_id: str | None = None) -> Iterator[None]:
    """`part`: the partition or bucket; `run_id`: None while the run is not opened. `outside` is this step's alone."""
    with about(configuration=configuration, memorialize_run=run_id, step=step, partition=part):
        try:
            yield
        except MemorializationError as error:
            with about(correlation_id=error.correlation_id):
                log.warning("%s of %s failed: %s: %s", step, part, type(error).__name__, error)
            if isinstance(error, LeaseHeld):
                metrics.held_back(configuration)
            raise
        finally:
            usage = outside.store.usage()
            log.info("%s of %s took %d calls of HubSpot", step, part, sum(usage.calls.values()))
            metrics.step(configuration, step, usage)
