"""What the DAG files share: the form of a manual run, and tasks that call `app.tasks` only when they run."""

import inspect
from typing import Any, Final

from airflow.sdk import Param, task

_WHEN: Final = {"type": ["null", "string"], "format": "date-time"}

PARAMS: Final = {
    "dry_run": Param(False, type="boolean", title="Dry run", description="Do everything but write to HubSpot"),
    "window_start": Param(None, title="From (UTC)", description="Empty: the run's own interval", **_WHEN),
    "window_end": Param(None, title="To (UTC)", description="Empty: the run's own interval", **_WHEN),
}


def step(name: str, **options: Any) -> Any:
    """The task that does the step of this name in `app.tasks`; nothing of it is imported at parse time."""

    def body(**arguments: Any) -> Any:
        from app import tasks

        target = getattr(tasks, name)
        wanted = inspect.signature(target).parameters  # Airflow adds its whole context to **arguments
        return target(**{k: v for k, v in arguments.items() if k in wanted})

    return task(task_id=name, **options)(body)
