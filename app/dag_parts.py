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

_TEXT: Final = {"type": ["null", "string"]}

RESOLVE_PARAMS: Final = {
    "what": Param("resolve", enum=["resolve", "withdraw"], type="string", title="What to do"),
    "contact_id": Param(None, title="CXone Contact ID", description="Or the interaction key of the report", **_TEXT),
    "entity": Param("Contact", title="Record type", description="As the mapping's section names it", **_TEXT),
    "record_id": Param(None, title="HubSpot record id", description="The digits in the record's address", **_TEXT),
    "lines": Param(
        None, title="Many at once", description="One a line: contact_id,entity,record_id", format="multiline", **_TEXT
    ),
}


def step(name: str, **options: Any) -> Any:
    """The task that does the step of this name in `app.tasks`; nothing of it is imported at parse time."""

    def body(**arguments: Any) -> Any:
        from app import tasks

        target = getattr(tasks, name)
        wanted = inspect.signature(target).parameters  # Airflow adds its whole context to **arguments
        return target(**{k: v for k, v in arguments.items() if k in wanted})

    return task(task_id=name, **options)(body)
