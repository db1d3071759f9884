"""What is logged within `about` carries what it is about, in the threads of `threads`, too; and never a value.

The facts travel beside the message (structlog's context variables), so that Airflow's logs, which are JSON, and the
command line's `--log-json` can be searched by them.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial

from structlog.contextvars import bind_contextvars, bound_contextvars, get_contextvars


def about(**facts: str | None) -> AbstractContextManager[None]:
    """Within it, log lines carry these facts and those around them; None is left out."""
    return bound_contextvars(**{name: fact for name, fact in facts.items() if fact is not None})


def threads(number: int, name: str = "") -> ThreadPoolExecutor:
    """Threads whose log lines carry what the caller's carry now."""
    told = partial(bind_contextvars, **get_contextvars())
    return ThreadPoolExecutor(number, thread_name_prefix=name, initializer=told)
