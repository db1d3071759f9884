"""Memorialize's pages inside Airflow: a page in the navigation, and a tab with the report on each DAG run.

All that is known of Airflow's own log-in and permissions stands here: `airflow.api_fastapi` is no public interface.
Whoever may read a DAG's runs may read its reports. The pages themselves (`app.web`) are loaded with the first request,
because Airflow loads this file in every process.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

ROOM = "memorialization"
"""The path below Airflow's address; the views name it relatively, so that an address with a path of its own holds."""


class Pages:
    """The pages as an ASGI application."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await _application()(scope, receive, send)


@cache
def _application() -> Any:
    from app.web.pages import application

    return application(_access())


def _access() -> Callable[..., Callable[[str], bool]]:
    from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
    from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
    from fastapi import HTTPException, Request

    def access(request: Request, user: GetUserDep) -> Callable[[str], bool]:
        """401 without a log-in; 403 where the address names a DAG whose runs the user may not read."""

        def may_read(dag_id: str) -> bool:
            try:
                requires_access_dag("GET", DagAccessEntity.RUN, dag_id)(request, user)
            except HTTPException:
                return False
            return True

        dag_id = request.path_params.get("dag_id")
        if dag_id is not None and ("\x00" in dag_id or not may_read(dag_id)):  # Airflow's database takes no NUL
            raise HTTPException(403)
        return may_read

    return access


class MemorializationPlugin(AirflowPlugin):  # type: ignore[misc]
    """What Airflow is told of the pages."""

    name = "memorialization"
    fastapi_apps: ClassVar[list[dict[str, Any]]] = [{"app": Pages(), "url_prefix": f"/{ROOM}", "name": "Memorialize"}]
    external_views: ClassVar[list[dict[str, Any]]] = [
        {
            "name": "Memorialize",
            "href": f"{ROOM}/",
            "destination": "nav",
            "url_route": ROOM,
            "icon": f"{ROOM}/icon.svg",
            "nav_top_level": True,
        },
        {
            "name": "Report",
            "href": f"{ROOM}/dags/{{DAG_ID}}/runs/{{RUN_ID}}",
            "destination": "dag_run",
            "url_route": f"{ROOM}-report",
        },
    ]
