"""The pages' addresses: each behind the caller's permissions, none with anything but its own style and one script.

Ids in addresses are looked up in the ledger; what is read of a disk is a folder that the ledger names and a file name
out of a fixed list.
"""

import base64
import hashlib
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi import Path as Part
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException as AnyHTTPException

from app.web import views
from app.web.views import Place
from memorialization import report
from memorialization.errors import MemorializationError
from memorialization.report.words import ENGLISH

Access = Callable[..., Callable[[str], bool]]
"""A dependency: refuses the caller (401, 403), or says which DAGs' runs the caller may read."""

_HERE: Final = Path(__file__).parent / "templates"
_SCRIPT: Final = (_HERE / "links.js").read_text(encoding="utf-8")
_STYLE: Final = "\n".join(
    path.read_text(encoding="utf-8")
    for path in (Path(report.__file__).parent / "templates/style.css", _HERE / "pages.css")
)
_HASH: Final = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
_PAGE: Final = (
    f"default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'sha256-{_HASH}'; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
_REPORT: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
_TITLES: Final = {
    401: ("You are not logged in", "Your session is over. Reload Airflow and log in again."),
    403: ("Not for you", "You may not read the runs of this DAG. Ask whoever runs this Airflow for access to it."),
    404: ("Nothing here", "There is no such page, or what it told of was deleted."),
}
_log = logging.getLogger(__name__)

Page = Annotated[int, Query(ge=1, le=10_000)]
_NO_NUL: Final = r"^[^\x00]*$"  # which PostgreSQL takes for no text
Contact = Annotated[str, Query(max_length=200, pattern=_NO_NUL)]
AirflowRun = Annotated[str, Part(pattern=_NO_NUL)]


def application(access: Access) -> FastAPI:
    """All pages; `access` guards every one of them, also those that are added later."""
    app = FastAPI(
        docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False, dependencies=[Depends(access)]
    )
    templates = Environment(
        loader=PackageLoader("app.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(number=ENGLISH.number, instant=lambda at: ENGLISH.instant(at.isoformat()))
    templates.globals.update(script=_SCRIPT, lost=views.lost, words=ENGLISH)

    def show(request: Request, template: str, here: Place | None, status: int = 200, **shown: Any) -> HTMLResponse:
        root = request.scope["root_path"].rstrip("/")
        top = f"{root}/dags/{here.dag_id}" if here else ""  # a DAG id needs no quoting
        waiting = views.waiting(here) if here else None
        text = templates.get_template(template).render(root=root, top=top, here=here, waiting=waiting, **shown)
        return HTMLResponse(text, status)

    def trouble(request: Request, status: int, title: str, said: str) -> HTMLResponse:
        return show(request, "trouble.html", None, status, title=title, said=said)

    @app.middleware("http")
    async def guard(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        answer = await go_on(request)
        answer.headers.setdefault("Content-Security-Policy", _PAGE)
        answer.headers.setdefault("Cache-Control", "private, no-store")
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer

    @app.exception_handler(AnyHTTPException)
    async def refused(request: Request, error: AnyHTTPException) -> HTMLResponse:
        return trouble(request, error.status_code, *_TITLES.get(error.status_code, _TITLES[404]))

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: RequestValidationError) -> HTMLResponse:
        return trouble(request, 404, *_TITLES[404])

    @app.exception_handler(MemorializationError)
    async def failed(request: Request, error: MemorializationError) -> HTMLResponse:
        _log.warning("%s: %s", type(error).__name__, error)
        return trouble(request, 503, "This cannot be shown now", str(error))

    @app.get("/")
    def start(request: Request, may_read: Annotated[Callable[[str], bool], Depends(access)]) -> Response:
        found = [(dag_id, facts) for dag_id, facts in views.configurations() if may_read(dag_id)]
        if len(found) == 1:
            return RedirectResponse(f"{request.scope['root_path'].rstrip('/')}/dags/{found[0][0]}", 303)
        return show(request, "start.html", None, found=found)

    @app.get("/style.css")
    def style() -> Response:
        return Response(_STYLE, media_type="text/css", headers={"Cache-Control": "private, max-age=300"})

    @app.get("/icon.svg")
    def icon() -> Response:
        return FileResponse(_HERE / "icon.svg", headers={"Cache-Control": "private, max-age=86400"})

    @app.get("/dags/{dag_id}")
    def overview(request: Request, dag_id: str, page: Page = 1) -> Response:
        here = _known(views.place(dag_id))
        return show(request, "overview.html", here, page=page, **views.overview(here, page, datetime.now(UTC)))

    @app.get("/dags/{dag_id}/parked")
    def parked(request: Request, dag_id: str, page: Page = 1) -> Response:
        here = _known(views.place(dag_id))
        return show(request, "parked.html", here, page=page, **views.parked(here, page))

    @app.get("/dags/{dag_id}/rejected")
    def rejected(request: Request, dag_id: str, page: Page = 1) -> Response:
        here = _known(views.place(dag_id))
        return show(request, "rejected.html", here, page=page, **views.rejected(here, page))

    @app.get("/dags/{dag_id}/explain")
    def explain(request: Request, dag_id: str, contact: Contact = "") -> Response:
        here = _known(views.place(dag_id))
        contact = contact.strip()
        shown: dict[str, Any] = {"stories": [], "said": ""}
        try:
            shown |= views.explain(here, contact) if contact else {}
        except MemorializationError as error:
            shown["said"] = str(error)
        return show(request, "explain.html", here, contact=contact, **shown)

    @app.get("/dags/{dag_id}/runs/{dag_run_id}")
    def tab(request: Request, dag_id: str, dag_run_id: AirflowRun) -> Response:
        here = views.place(dag_id, reverts=True)
        tries = views.tries_of(here, dag_run_id) if here else []
        if here is None or not tries:
            said = "This run has not begun to work, or its DAG is none that leaves a report."
            return trouble(request, 404, "No report", said)
        return show(request, "run.html", here, tries=tries, **views.about_run(here, tries[0]))

    @app.get("/dags/{dag_id}/reports/{run_id}")
    def stored(request: Request, dag_id: str, run_id: UUID) -> Response:
        here, row = _run(dag_id, run_id)
        return show(request, "run.html", here, tries=[row], **views.about_run(here, row))

    @app.get("/dags/{dag_id}/reports/{run_id}/{name}")
    def file(dag_id: str, run_id: UUID, name: str, download: bool = False) -> Response:
        _, row = _run(dag_id, run_id)
        if name not in views.files(row):
            raise HTTPException(404)
        called = views.file_name(row, name) if download or name != "report.html" else None
        headers = {"Content-Security-Policy": _REPORT}
        return FileResponse(Path(row["report"]) / name, media_type=views.FILES[name], headers=headers, filename=called)

    return app


def _run(dag_id: str, run_id: UUID) -> tuple[Place, dict[str, Any]]:
    here = _known(views.place(dag_id, reverts=True))
    row = views.run_of(here, str(run_id))
    if row is None:
        raise HTTPException(404)
    return here, row


def _known(here: Place | None) -> Place:
    if here is None:
        raise HTTPException(404)
    return here
