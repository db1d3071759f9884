"""Interaction Analytics over HTTP (cxone-api, section 5.2)."""

from typing import Any

import pytest

from tests.sandbox.conftest import Twin

pytestmark = pytest.mark.slow
SEGMENTS = "/interaction-analytics-gateway/v2/segments"
DAY_ONE = {"beginningDate": "2026-11-16T00:00:00Z", "endingDate": "2026-11-16T23:59:59Z", "dateField": "startTime"}


@pytest.mark.parametrize(("order", "link"), [("asc", "next"), ("desc", "previous")])
def test_the_cursor_leads_to_the_end_and_repeats_what_began_with_it(twin: Twin, order: str, link: str) -> None:
    page = twin.cxone.get(f"{SEGMENTS}/analyzed", params={**DAY_ONE, "order": order, "pageSize": 50}).json()
    total, rows = page["totalRecords"], list(page["interactions"])
    while url := page["links"][link]:
        page = twin.cxone.get(url).json()
        assert page["interactions"][0] == rows[-1]
        rows += page["interactions"]
    found: dict[str, Any] = {row["segmentId"]: row for row in rows}
    assert len(found) == total > 100
    starts = [row["startTime"] for row in found.values()]
    assert starts == sorted(starts, reverse=order == "desc")


def test_a_transcript_or_a_404(twin: Twin) -> None:
    [row] = twin.cxone.get(f"{SEGMENTS}/analyzed", params={**DAY_ONE, "pageSize": 1}).json()["interactions"]
    told = twin.cxone.get(f"{SEGMENTS}/{row['segmentId']}/analyzed-transcript").json()
    assert [block["userType"] for block in told["transcriptBlocks"]] == ["AGENT", "CUSTOMER"] * 3
    assert all(block["text"] for block in told["transcriptBlocks"])
    assert twin.cxone.get(f"{SEGMENTS}/77/analyzed-transcript").status_code == 404
    assert twin.cxone.get(f"{SEGMENTS}/analyzed").status_code == 400
