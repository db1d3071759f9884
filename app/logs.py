"""The command line's log as a file of JSON lines: what the product logs, each line with the step that it is about.

Other programs' lines (httpx tells addresses) are left out.
"""

import logging
from pathlib import Path
from typing import Final

import structlog
from structlog.stdlib import ProcessorFormatter

_OURS: Final = ("app", "memorialization", "plugins")


def to_file(path: Path) -> None:
    """Append to `path` from now on, warnings as ever to the screen as well. Raises OSError if it cannot be opened."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
            processors=[ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
        )
    )
    screen = logging.StreamHandler()
    screen.setLevel(logging.WARNING)
    for name in _OURS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO)
        logger.addHandler(handler)
        logger.addHandler(screen)
        logger.propagate = False
