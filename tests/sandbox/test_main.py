"""The command itself: readiness, signals, the journal, the switches."""

import signal
from pathlib import Path

import pytest

from tests.sandbox.conftest import CLOCK, KEY, running

pytestmark = pytest.mark.slow
FROM_TO = {"from": "2026-11-16T00:00:00Z", "to": "2026-11-20T00:00:00Z"}


def test_sigterm_ends_it_cleanly_and_it_says_where_it_serves(tmp_path: Path) -> None:
    with running(tmp_path, "--clock", CLOCK) as twin:
        urls = [str(twin.cxone.base_url), str(twin.hubspot.base_url)]
        twin.process.send_signal(signal.SIGTERM)
        assert twin.process.wait(timeout=10) == 0
        assert twin.process.stdout is not None
        printed = twin.process.stdout.read().decode().splitlines()
    assert printed == [f"cxone serves at {urls[0]}", f"hubspot serves at {urls[1]}"]


def test_what_was_written_survives_kill_9(tmp_path: Path) -> None:
    arguments = ("--clock", CLOCK, "--state", str(tmp_path / "state"))
    path, body = "/crm/v3/objects/tickets/402511000002", {"properties": {"subject": "rewritten"}}
    with running(tmp_path, *arguments) as twin:
        assert twin.hubspot.patch(path, json=body).status_code == 200
        before = twin.hubspot.get("/_twin/records/tickets/402511000002").json()
        twin.process.kill()
        assert twin.process.wait(timeout=10) == -signal.SIGKILL
    with running(tmp_path, *arguments) as twin:
        assert twin.hubspot.get("/_twin/records/tickets/402511000002").json() == before
    assert before["properties"]["subject"] == "rewritten"


def test_live_writes_stop_when_the_system_user_is_deleted(tmp_path: Path) -> None:
    with running(tmp_path, "--clock", CLOCK, "--live-stops-on", "2026-11-17") as twin:
        legs = twin.cxone.get("/_twin/truth", params=FROM_TO).json()["legs"]
        fates = {leg["fate"]["write"] for leg in legs if leg["due_at"] and leg["due_at"] >= "2026-11-17"}
        assert fates == {"stopped"}
        path = "/incontactapi/services/v26.0/agent-integration/configuration"
        assert twin.cxone.get(path).json() == {"configurations": [], "links": {}, "totalRecords": 0}


def test_tokens_die_of_age_and_refresh_has_other_names(tmp_path: Path) -> None:
    path = "/incontactapi/services/v27.0/server-time"
    with running(tmp_path, "--clock", CLOCK, "--token-lifetime", "0") as twin:
        assert twin.cxone.get(path).status_code == 401
        granted = twin.cxone.post("/authentication/v1/token/access-key", json=KEY).json()
        assert granted["expires_in"] == 0
        renewed = twin.cxone.post("/public/user/refresh", json={"token": granted["refresh_token"]})
        assert set(renewed.json()) == {
            "token",
            "refreshToken",
            "tokenExpirationTimeSec",
            "refreshTokenExpirationTimeSec",
        }
        again = twin.cxone.post("/public/user/refresh", json={"token": granted["refresh_token"]})
        assert again.status_code == 401


def test_the_clock_moves_both_halves_forward(tmp_path: Path) -> None:
    with running(tmp_path, "--clock", "2026-11-16T00:00:00Z") as twin:
        completed = "/incontactapi/services/v27.0/contacts/completed?startDate=2026-11-16T00:00:00Z"
        assert twin.cxone.get(completed).status_code == 204
        ticket = "/_twin/records/tickets/402511000002"
        assert twin.hubspot.get(ticket).status_code == 404
        moved = twin.cxone.post("/_twin/clock", json={"now": "2026-11-17T00:00:00Z"})
        assert moved.status_code == 200 and moved.json()["now"] >= "2026-11-17T00:00:00"
        assert twin.cxone.get(completed).json()["totalRecords"] > 250
        assert twin.hubspot.get(ticket).json()["properties"]["cxone_disposition"] == "No answer"
        back = twin.cxone.post("/_twin/clock", json={"now": "2026-11-16T00:00:00Z"})
        assert back.status_code == 400 and "only moves forward" in back.json()["error"]
