"""Digital Experience over HTTP against the served twin (cxone-api, section 4)."""

from collections import Counter
from typing import Any

import pytest

from tests.sandbox.conftest import Twin

pytestmark = pytest.mark.slow
API = "/dfo/3.0"
DAY = {"date[from]": "2026-11-16", "date[to]": "2026-11-16"}


def scroll(twin: Twin, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        answer = twin.cxone.get(f"{API}/contacts", params=query).json()
        if not answer["data"]:
            assert len(found) == answer["hits"]
            return found
        assert len(answer["data"]) <= 25
        found += answer["data"]
        query = {"scrollToken": answer["scrollToken"]}


def test_a_day_is_scrolled_25_at_a_time(twin: Twin) -> None:
    found = scroll(twin, **DAY)
    assert 100 < len(found) == len({case["id"] for case in found})
    assert {case["createdAt"][:10] for case in found} == {"2026-11-16"}
    assert all(case["createdAt"].endswith("+00:00") and case["id"].isdigit() for case in found)
    everything = scroll(twin)
    assert len(everything) == 360
    assert any(case["contactId"] is None for case in everything)
    assert any(case["inboxAssigneeUser"] is None for case in everything)
    assert {case["status"] for case in everything} >= {"open", "closed", "resolved", "pending"}
    assert any(case["customFields"] for case in everything)


def test_filters_and_a_used_token(twin: Twin) -> None:
    assert {case["status"] for case in scroll(twin, **{"status[]": "open"})} == {"open"}
    channel = twin.cxone.get(f"{API}/channels").json()[0]["id"]
    assert channel.startswith("chat_")
    assert {case["channelId"] for case in scroll(twin, **{"channel[]": channel})} == {channel}
    token = twin.cxone.get(f"{API}/contacts").json()["scrollToken"]
    assert twin.cxone.get(f"{API}/contacts", params={"scrollToken": token}).status_code == 200
    again = twin.cxone.get(f"{API}/contacts", params={"scrollToken": token})
    assert again.status_code == 400 and "scrollToken" in again.json()["errors"][0]["message"]


def test_history_tells_the_legs_of_the_truth(twin: Twin) -> None:
    window = {"from": "2026-11-01T00:00:00Z", "to": "2026-11-19T00:00:00Z"}
    told = [leg for leg in twin.cxone.get("/_twin/truth", params=window).json()["legs"] if leg["channel"] == "digital"]
    for leg in told[::10]:
        events: list[dict[str, Any]] = []
        page = 1
        while True:
            answer = twin.cxone.get(
                f"{API}/contacts/{leg['id']}/history", params={"page": page, "size": 50, "withContext": 1}
            ).json()
            events += answer["data"]
            page += 1
            if len(events) >= answer["hits"]:
                break
        at = leg["end"].replace("Z", "+00:00")
        ending = next(
            e for e in events if e["createdAtWithMilliseconds"] == at and e["eventType"].startswith("CaseInbox")
        )
        assert ending["eventType"] in ("CaseInboxUnassigned", "CaseInboxAssigneeChanged")
        assert ending["before"]["inboxAssigneeUser"]["incontactId"] == str(leg["agent_id"])
        if leg["contact_ended_first"]:
            assert any(e["endUser"] and e["user"] is None and e["after"]["status"] == "closed" for e in events)


def test_long_messages_are_shortened_until_fetched_alone(twin: Twin) -> None:
    short = None
    for case in scroll(twin):
        for message in twin.cxone.get(f"{API}/contacts/{case['id']}/messages").json()["data"]:
            assert (message["authorUser"] is None) != (message["authorEndUserIdentity"] is None)
            if message["hasAdditionalMessageContent"]:
                short = short or message
        if short:
            break
    assert short is not None
    whole = twin.cxone.get(f"{API}/messages/{short['id']}").json()
    shown, full = (m["messageContent"] for m in (short, whole))
    shown_text, full_text = (c.get("text") or c["payload"]["text"] for c in (shown, full))
    assert len(shown_text) == 1000 and len(full_text) > 2000 and full_text.startswith(shown_text)
    assert whole["hasAdditionalMessageContent"] is False


def test_queues_users_and_what_is_not_there(twin: Twin) -> None:
    queues = twin.cxone.get(f"{API}/routing-queues", params={"size": 500}).json()["data"]
    assert (queues[0]["name"], queues[0]["skillId"]) == ("Chat DE", 2101)
    users = twin.cxone.get(f"{API}/users").json()
    assert sum(u["isBotUser"] for u in users) == 2 and sum(u["isSurveyUser"] for u in users) == 1
    missing = twin.cxone.get(f"{API}/contacts/1")
    assert missing.status_code == 404 and missing.json()["errors"][0]["message"] == "contact 1 not found"


def text_of(twin: Twin, message: dict[str, Any]) -> str:
    if message["hasAdditionalMessageContent"]:
        message = twin.cxone.get(f"{API}/messages/{message['id']}").json()
    content = message["messageContent"]
    shown: str = content.get("text") or content["payload"].get("text") or content["fallbackText"]
    return shown


def test_the_transcript_that_was_written_live_can_be_rebuilt_from_the_messages(twin: Twin) -> None:
    window = {"from": "2026-11-16T00:00:00Z", "to": "2026-11-18T00:00:00Z"}
    told = twin.cxone.get("/_twin/truth", params=window).json()["legs"]
    due = [leg for leg in told if leg["channel"] == "digital" and leg["due_at"] and leg["ticket_id"]]
    count = Counter(leg["id"] for leg in due)
    whole = [leg for leg in due if count[leg["id"]] == 1 and leg["fate"]["write"] == "whole"]
    checked = 0
    for leg in whole:
        if leg["fate"]["fields_lost"] or leg["fate"]["cut"] or leg["fate"]["emptied"]:
            continue
        held = twin.hubspot.get(f"/_twin/records/tickets/{leg['ticket_id']}").json()["properties"]
        if held["cxone_end_time"] != leg["end"]:
            continue  # reopened after the window: a later leg has been written since
        lines = []
        for message in twin.cxone.get(f"{API}/contacts/{leg['id']}/messages").json()["data"]:
            at = message["createdAtWithMilliseconds"].replace("+00:00", "Z")
            text = text_of(twin, message)
            if at > leg["end"] or not text or message["contentRemoved"]:
                continue
            user, customer = message["authorUser"], message["authorEndUserIdentity"]
            name = f"{user['firstName']} {user['surname']}".strip() if user else customer["fullName"]
            lines.append(f"[{at[:10]} {at[11:19]}] {name}: {text}")
        assert "\n".join(lines) == held["cxone_transcript"]
        checked += 1
    assert checked > 100


def test_a_case_in_full_its_neighbours_and_its_messages_by_number(twin: Twin) -> None:
    first, second = twin.cxone.get("/dfo/3.0/contacts").json()["data"][:2]
    detail = twin.cxone.get(f"/dfo/3.0/contacts/{second['id']}/detail").json()
    assert detail["id"] == second["id"] and detail["channel"]["id"] == second["channelId"]
    assert detail["routingQueue"]["id"] == second["routingQueueId"]
    told = twin.cxone.get(f"/dfo/3.0/contacts/{second['id']}/messages").json()
    assert detail["messages"] == told["data"]
    assert twin.cxone.get("/dfo/3.0/messages", params={"contactNumber": second["id"]}).json() == told
    neighbours = twin.cxone.get(f"/dfo/3.0/contacts/{second['id']}/detail/pagination").json()
    assert neighbours["previous"] == first["id"] and neighbours["next"]
    assert twin.cxone.get("/dfo/3.0/messages").status_code == 400


def test_the_search_by_words_owner_and_address(twin: Twin) -> None:
    def ids(**query: Any) -> set[str]:
        return {case["id"] for case in twin.cxone.get("/dfo/3.0/contacts", params=query).json()["data"]}

    case = next(c for c in twin.cxone.get("/dfo/3.0/contacts").json()["data"] if c["ownerAssigneeUser"])
    address = case["authorEndUserIdentity"]["idOnExternalPlatform"]
    assert ids(query=case["id"]) == {case["id"]}
    assert case["id"] in ids(**{"endUserIdOnExternalPlatform[]": address})
    found = twin.cxone.get("/dfo/3.0/contacts", params={"ownerAssignee[]": case["ownerAssigneeUser"]["id"]}).json()
    assert {one["ownerAssigneeUser"]["id"] for one in found["data"]} == {case["ownerAssigneeUser"]["id"]}
    assert twin.cxone.get("/dfo/3.0/contacts", params={"sorting": "status"}).status_code == 400
