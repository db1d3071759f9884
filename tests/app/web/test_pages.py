"""Who may see a page, what an address may name, and how fast a page answers over a long history."""

import json
import re
import time
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest
from fastapi.routing import APIRoute

from app.web.pages import application
from memorialization.ledger import pages as queries
from memorialization.ledger.audit import _SEEN
from tests.app.web.conftest import NIGHTS, Airflow
from tests.app.web.history import PARKED, REJECTED
from tests.corpora import corpus
from tests.markup import Page

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("airflow-pages")]

HERE = "/memorialization/dags/memorialize__acme"


def addresses(airflow: Airflow) -> list[str]:
    """Every address of the pages, those that are added later too."""
    filled = {
        "dag_id": "memorialize__acme", "dag_run_id": quote(airflow.dag_run_id, safe=""), "run_id": airflow.run_id,
        "name": "report.html",
    }  # fmt: skip
    routes = [route.path for route in application(lambda: None).routes if isinstance(route, APIRoute)]
    assert len(routes) == 10
    return [f"/memorialization{route.format_map(filled)}" for route in routes]


@pytest.fixture(scope="module")
def admin(airflow: Airflow) -> Iterator[httpx.Client]:
    with airflow.client(airflow.simple, "admin") as client:
        yield client


def test_every_page_refuses_who_is_not_logged_in(airflow: Airflow) -> None:
    for base in (airflow.simple, airflow.fab):
        for address in addresses(airflow):
            for headers in ({}, {"Cookie": "_token=forged"}, {"Authorization": "Bearer forged"}):
                answer = httpx.get(base + address, headers=headers)
                assert answer.status_code == (401 if not headers else 403), (address, headers)
                assert airflow.run_id not in answer.text and "default-src 'none'" in answer.headers[
                    "content-security-policy"
                ]  # fmt: skip


def test_a_user_sees_the_runs_of_the_dags_that_airflow_lets_the_user_read(airflow: Airflow) -> None:
    with airflow.client(airflow.fab, "ana") as ana, airflow.client(airflow.fab, "gus") as gus:
        for address in addresses(airflow):
            assert ana.get(address, follow_redirects=True).status_code == 200, address
            refused = gus.get(address)
            assert refused.status_code == (403 if "/dags/" in address else 200), address
            assert airflow.run_id not in refused.text
        assert "no configuration whose runs you may read" in gus.get("/memorialization/").text
        assert gus.get("/memorialization/dags/no_such_dag").status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/reports/01a00000-0000-7000-8000-000000000000", "/reports/..%2F..%2Fetc", "/reports/{run_id}/keys.json",
        "/reports/{run_id}/.report.json", "/reports/{run_id}/..%2Freport.json", "/reports/{run_id}/report.html%00",
        "/runs/no_such_run", "/runs/..%2F..%2Fetc%2Fpasswd", "?page=0", "?page=x", "/nothing",
    ],
)  # fmt: skip
def test_what_an_address_names_is_looked_up(airflow: Airflow, admin: httpx.Client, path: str) -> None:
    answer = admin.get(HERE + path.format(run_id=airflow.run_id))
    assert answer.status_code == 404
    assert "text/html" in answer.headers["content-type"]


def test_no_address_leads_to_a_file_or_ends_a_header(airflow: Airflow, admin: httpx.Client) -> None:
    for evil in (*corpus("paths"), *corpus("headers")):
        name = quote(evil, safe="")
        for path in (
            f"{HERE}/reports/{name}", f"{HERE}/reports/{name}/report.html", f"{HERE}/runs/{name}",
            f"{HERE}/reports/{airflow.run_id}/{name}?download=true", f"/memorialization/dags/memorialize__acme{name}",
        ):  # fmt: skip
            answer = admin.get(path)
            if evil.strip("./"):
                assert answer.status_code in (403, 404), path
            assert airflow.run_id not in answer.text or not evil.strip("./"), path
            assert not [n for n in answer.headers if "injected" in n or n == "set-cookie"], path


def test_a_run_is_read_through_its_own_configuration_only(airflow: Airflow, admin: httpx.Client) -> None:
    copied = "run_id, configuration, try_number, window_start, window_end, mode, dry_run, mapping_hash, staging, state"
    airflow.ask(
        f"insert into runs ({copied}, started_at, report) select 'ffffffff-0000-4000-8000-000000000000', 'other', "
        "try_number, window_start, window_end, mode, dry_run, mapping_hash, staging, state, started_at, report "
        "from runs where run_id = %(run_id)s::uuid",
        run_id=airflow.run_id,
    )
    assert admin.get(f"{HERE}/reports/ffffffff-0000-4000-8000-000000000000/report.json").status_code == 404
    revert = "/memorialization/dags/revert__acme"
    assert admin.get(f"{revert}/reports/{airflow.run_id}/report.json").status_code == 404
    assert admin.get(f"{revert}/runs/{quote(airflow.dag_run_id, safe='')}").status_code == 404


def test_the_run_of_airflow_leads_to_its_report(airflow: Airflow, admin: httpx.Client) -> None:
    tab = admin.get(f"{HERE}/runs/{quote(airflow.dag_run_id, safe='')}").text
    assert f'src="{HERE}/reports/{airflow.run_id}/report.html"' in tab
    whole = admin.get(f"{HERE}/reports/{airflow.run_id}/report.html")
    assert whole.content == (airflow.report / "report.html").read_bytes()
    assert "content-disposition" not in whole.headers
    assert "script-src" not in whole.headers["content-security-policy"]
    for name in ("report.html", "report.json", "report.xlsx"):
        saved = admin.get(f"{HERE}/reports/{airflow.run_id}/{name}?download=true")
        assert saved.content == (airflow.report / name).read_bytes()
        called = saved.headers["content-disposition"]
        assert re.fullmatch(rf'attachment; filename="memorialize-\d{{4}}-\d\d-\d\d-0200\.{name[7:]}"', called)


def test_a_page_may_load_its_own_style_and_one_script(airflow: Airflow, admin: httpx.Client) -> None:
    for address in addresses(airflow):
        headers = admin.get(address).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'" and policy["frame-ancestors"] == "'self'"
        assert policy["base-uri"] == "'none'"
        assert re.fullmatch(r"'sha256-[\w+/]+='", policy.get("script-src", "'sha256-x='"))
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"


def test_whatever_stands_in_the_ledger_or_an_address_is_escaped(airflow: Airflow, admin: httpx.Client) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    airflow.ask(
        "insert into parked select 'acme', %(evil)s, %(evil)s, null, %(evil)s, %(json)s::jsonb, '[]', "
        "'2020-01-01', run_id from parked limit 1",
        evil=evil, json=json.dumps([evil]),
    )  # fmt: skip
    try:
        shown = admin.get(f"{HERE}/parked").text
    finally:
        airflow.ask("delete from parked where interaction_key = %(evil)s", evil=evil)
    asked = admin.get(f"{HERE}/explain", params={"contact": evil}).text
    for page in (shown, asked):
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert" not in page and "<img" not in page


def test_no_string_in_the_ledger_or_an_address_becomes_a_part_of_a_page(airflow: Airflow, admin: httpx.Client) -> None:
    evil = [text.replace("\x00", "") for text in corpus("pages")]

    def parked(strings: list[str]) -> Page:
        airflow.ask(
            "insert into parked select 'acme', one, one, null, one, jsonb_build_array(one), '[]', '2020-01-01', "
            "(select run_id from parked limit 1) from unnest(%(strings)s) one",
            strings=strings,
        )
        try:
            return Page(admin.get(f"{HERE}/parked").text)
        finally:
            airflow.ask("delete from parked where parked_at = '2020-01-01'")

    def explained(string: str) -> Page:
        return Page(admin.get(f"{HERE}/explain", params={"contact": string}).text)

    plain = explained("x")
    assert parked(evil).shape() == parked([f"x{i}" for i in range(len(evil))]).shape()
    assert [text for text in evil if explained(text).shape() != plain.shape()] == []


def test_a_contact_is_explained_masked_and_an_unknown_one_is_told_what_to_do(
    airflow: Airflow, admin: httpx.Client
) -> None:
    told = admin.get(f"{HERE}/explain", params={"contact": airflow.contact})
    assert told.status_code == 200
    assert f"v:{airflow.contact}" in told.text and "this one, by us" in told.text
    assert f'href="{HERE}/reports/{airflow.run_id}"' in told.text
    assert "seen the contact &#39;0815&#39;" in admin.get(f"{HERE}/explain", params={"contact": "0815"}).text


def test_lists_are_leafed_through(admin: httpx.Client) -> None:
    def rows(page: str) -> int:
        return page.split("<tbody>")[-1].count("<tr")

    first, last = (admin.get(HERE, params={"page": page}).text for page in (1, NIGHTS // queries.ROWS + 1))
    assert rows(first) == queries.ROWS and "?page=2" in first
    assert rows(last) == 1 and "Next" not in last
    assert "No run here" in admin.get(HERE, params={"page": 99}).text
    parked = admin.get(f"{HERE}/parked", params={"page": PARKED // queries.ROWS}).text
    assert rows(parked) == queries.ROWS
    assert rows(admin.get(f"{HERE}/rejected").text) == queries.ROWS


def test_a_report_that_was_purged_is_told_so(airflow: Airflow, admin: httpx.Client) -> None:
    of = {"run_id": airflow.run_id}
    airflow.ask("update runs set report_purged_at = now() where run_id = %(run_id)s::uuid", **of)
    try:
        page = admin.get(f"{HERE}/reports/{airflow.run_id}")
        gone = admin.get(f"{HERE}/reports/{airflow.run_id}/report.html")
    finally:
        airflow.ask("update runs set report_purged_at = null where run_id = %(run_id)s::uuid", **of)
    assert (page.status_code, gone.status_code) == (200, 404)
    assert "The report was deleted" in page.text


def test_pages_answer_fast_over_a_long_history(airflow: Airflow, admin: httpx.Client) -> None:
    for address in (HERE, f"{HERE}?page=5", f"{HERE}/parked", f"{HERE}/rejected", f"{HERE}/reports/{airflow.run_id}"):
        took = []
        for _ in range(7):
            began = time.perf_counter()
            assert admin.get(address).status_code == 200
            took.append(time.perf_counter() - began)
        assert min(took) < 0.3, (address, took)  # the machine may be busy with other tests


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        (_SEEN, "interactions"), (queries._PARKED, "parked"), (queries._PARKED, "interactions"),
        (queries._TRIES, "runs"), (queries._RUNS, "runs"),
    ],
)  # fmt: skip
def test_no_page_reads_a_whole_table(airflow: Airflow, statement: str, table: str) -> None:
    of = {
        "configuration": "acme", "contact": "700000001", "dag_run_id": "x", "reverts": False, "most": 51, "skip": 0,
    }  # fmt: skip
    plan = airflow.ask("explain " + re.sub(r"(?<!:):(\w+)", r"%(\1)s", statement.replace("%", "%%")), **of)
    assert f"Seq Scan on {table}" not in "\n".join(line for (line,) in plan)
    assert REJECTED < PARKED < NIGHTS * 500
