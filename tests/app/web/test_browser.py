"""The pages as a person meets them inside Airflow's own UI, in a headless Chromium.

`MEMORIALIZATION_PICTURES=docs/pages` keeps what each step looked like. Skipped where there is no Chromium.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.app.web.conftest import Airflow

playwright = pytest.importorskip("playwright.sync_api")

from playwright.sync_api import Browser, FrameLocator, Page, expect  # noqa: E402 - as above

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("airflow-pages"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH"),
]

PATIENCE = 60_000.0
expect.set_options(timeout=PATIENCE)
LIGHT, DARK = "rgb(251, 251, 249)", "rgb(18, 23, 24)"  # of the style, once it is there
DESKTOP, PHONE = (1440, 1000), (420, 900)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@contextmanager
def logged_in(
    browser: Browser, airflow: Airflow, *, fab: str = "", theme: str = "light", size: tuple[int, int] = DESKTOP
) -> Iterator[Page]:
    """A page of Airflow, logged in through its own form; at its end, nothing was kept from loading by our policies."""
    base = airflow.fab if fab else airflow.simple
    context = browser.new_context(
        base_url=base, viewport={"width": size[0], "height": size[1]}, color_scheme="null"
    )  # null: Airflow's theme decides, as for a person
    context.set_default_timeout(PATIENCE)
    context.add_init_script(f"localStorage.setItem('theme', '{theme}')")
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None)
    page.goto("/", wait_until="domcontentloaded")
    page.fill("input[name=username]", fab or "admin")
    page.fill("input[name=password]", airflow.password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "login" not in url)
    yield page
    assert refused == []
    context.close()


def ours(page: Page) -> FrameLocator:
    """The frame in which Airflow shows the pages."""
    return page.frame_locator("iframe")


def picture(page: Page, name: str) -> None:
    folder = os.environ.get("MEMORIALIZATION_PICTURES")
    if folder:
        page.wait_for_timeout(400)
        page.screenshot(path=Path(folder) / f"{name}.png")


def inside(page: Page, script: str) -> object:
    """What a script finds in the frame."""
    (frame,) = [f for f in page.frames if "/memorialization/" in f.url and f.parent_frame == page.main_frame]
    return frame.evaluate(script)


def test_the_navigation_leads_to_runs_calendar_trends_and_queues(browser: Browser, airflow: Airflow) -> None:
    with logged_in(browser, airflow) as page:
        page.get_by_text("Memorialize", exact=True).first.click()
        frame = ours(page)
        expect(frame.get_by_role("heading", name="Trends")).to_be_visible()
        expect(frame.locator(".sentence")).to_contain_text("lost or wrong in HubSpot")
        expect(frame.locator(".trend svg rect")).to_have_count(120)
        assert inside(page, "matchMedia('(prefers-color-scheme: dark)').matches") is False
        picture(page, "navigation")
        frame.get_by_role("link", name="Parked").click()
        expect(frame.get_by_role("heading", name="Parked targets")).to_be_visible()
        picture(page, "parked")
        frame.get_by_role("link", name="Next").click()
        expect(frame.get_by_text("page 2")).to_be_visible()
        frame.get_by_role("link", name="Rejected").click()
        expect(frame.get_by_role("heading", name="Rejected values")).to_be_visible()
        picture(page, "rejected")


def test_a_day_of_the_calendar_leads_to_its_report_and_on_to_hubspot(browser: Browser, airflow: Airflow) -> None:
    with logged_in(browser, airflow) as page:
        page.goto("/plugin/memorialization", wait_until="domcontentloaded")
        frame = ours(page)
        frame.locator(".calendar a").last.click()
        report = frame.frame_locator("iframe.report")
        expect(report.locator("#verdict .sentence")).to_be_visible()
        record = report.locator("a[href*='/record/']").first
        record.evaluate("e => { for (let d = e; d = d.parentElement.closest('details');) d.open = true }")
        with page.context.expect_page() as opened:
            record.click()
        assert opened.value != page, "HubSpot opens beside Airflow"
        expect(report.locator("#verdict .sentence")).to_be_visible()


def test_the_tab_of_a_run_shows_its_report_and_gives_the_files(
    browser: Browser, airflow: Airflow, tmp_path: Path
) -> None:
    with logged_in(browser, airflow) as page:
        page.goto(f"/dags/memorialize__acme/runs/{quote(airflow.dag_run_id, safe='')}", wait_until="domcontentloaded")
        page.locator("a[href*=memorialization-report]").first.click()
        expect(ours(page).frame_locator("iframe.report").locator("#verdict .sentence")).to_be_visible()
        picture(page, "run-tab")
        for kind in ("HTML", "JSON", "XLSX"):
            with page.expect_download() as download:
                ours(page).get_by_role("link", name=kind, exact=True).click()
            download.value.save_as(tmp_path / kind)
            assert (tmp_path / kind).read_bytes() == (airflow.report / f"report.{kind.lower()}").read_bytes()
        assert json.loads((tmp_path / "JSON").read_text())["run"]["run_id"] == airflow.run_id


def test_a_contact_is_found_and_explained_by_keyboard(browser: Browser, airflow: Airflow) -> None:
    with logged_in(browser, airflow) as page:
        page.goto("/plugin/memorialization", wait_until="domcontentloaded")
        search = ours(page).get_by_role("searchbox")
        search.focus()
        page.keyboard.type(airflow.contact)
        page.keyboard.press("Enter")
        story = ours(page).locator("article.story")
        expect(story.get_by_role("heading", name=f"v:{airflow.contact}")).to_be_visible()
        expect(story.get_by_text("this one, by us").first).to_be_visible()
        picture(page, "explain")
        story.get_by_role("link", name="2026").first.focus()
        page.keyboard.press("Enter")
        expect(ours(page).locator("iframe.report")).to_be_visible()


def test_the_pages_wear_airflows_dark_theme(browser: Browser, airflow: Airflow) -> None:
    with logged_in(browser, airflow, theme="dark") as page:
        page.goto("/plugin/memorialization", wait_until="domcontentloaded")
        expect(ours(page).get_by_role("heading", name="Trends")).to_be_visible()
        expect(ours(page).locator("body")).to_have_css("background-color", DARK)
        picture(page, "dark")


def test_nothing_is_cut_off_at_phone_width(browser: Browser, airflow: Airflow) -> None:
    wide = "document.documentElement.scrollWidth > innerWidth"
    with logged_in(browser, airflow, size=PHONE) as page:
        page.goto("/plugin/memorialization", wait_until="domcontentloaded")
        frame = ours(page)
        expect(frame.get_by_role("heading", name="Trends")).to_be_visible()
        expect(frame.locator("body")).to_have_css("background-color", LIGHT)
        assert inside(page, wide) is False
        picture(page, "phone")
        frame.get_by_role("link", name="Parked").click()
        expect(frame.get_by_role("heading", name="Parked targets")).to_be_visible()
        expect(frame.locator("body")).to_have_css("background-color", LIGHT)
        assert inside(page, wide) is False
        frame.get_by_role("link", name="Runs").click()
        frame.get_by_role("link", name="Open the report").click()
        expect(frame.frame_locator("iframe.report").locator("#verdict .sentence")).to_be_visible()
        expect(frame.locator("body")).to_have_css("background-color", LIGHT)
        assert inside(page, wide) is False
        picture(page, "phone-report")


def test_who_logs_in_with_fab_sees_what_the_role_may(browser: Browser, airflow: Airflow) -> None:
    with logged_in(browser, airflow, fab="ana") as page:
        page.goto("/plugin/memorialization", wait_until="domcontentloaded")
        expect(ours(page).get_by_role("heading", name="Trends")).to_be_visible()
    with logged_in(browser, airflow, fab="gus") as page:
        page.goto("/memorialization/dags/memorialize__acme", wait_until="domcontentloaded")
        expect(page.get_by_role("heading", name="Not for you")).to_be_visible()
        picture(page, "not-for-you")
