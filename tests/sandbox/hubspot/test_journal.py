from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.hubspot.journal import Journal
from sandbox.hubspot.portal import Portal, Source

if TYPE_CHECKING:
    from tests.sandbox.hubspot.conftest import Serve

SOURCE = Source("CRM_UI", "userId:1")
TICKET = {"subject": "s", "hs_pipeline": "0", "hs_pipeline_stage": "1"}


def state(portal: Portal) -> dict[str, Any]:
    return {
        type_id: (
            {record_id: portal.record(type_id, record_id) for record_id in store.records},
            store.merged_into,
            {far: {a: b for a, b in links.items() if b} for far, links in store.links.items()},
            list(store.properties),
            store.groups,
        )
        for type_id, store in portal.stores.items()
    }


def test_replay_gives_the_identical_state_and_ids(
    serve: Serve, tmp_path: Path, new_portal: Callable[[], Portal]
) -> None:
    path = tmp_path / "journal.jsonl"
    twin = serve(journal=path)
    tickets = [row["id"] for row in twin.batch("create", [{"properties": TICKET} for _ in range(3)]).json()["results"]]
    people = [
        twin.post("/crm/v3/objects/contacts", {"properties": {"email": f"{name}@x.de"}}).json()["id"] for name in "ab"
    ]
    twin.move(milliseconds=1500.7)
    group = {"name": "later", "label": "Later"}
    twin.post("/crm/v3/properties/tickets/groups", group)
    item = {"name": "fresh", "label": "x", "type": "string", "fieldType": "text", "groupName": "later"}
    twin.post("/crm/v3/properties/tickets", item)
    twin.batch("update", [{"id": tickets[0], "properties": {"fresh": "Jörg 😀\u2028"}}])
    link = {"inputs": [{"from": {"id": tickets[0]}, "to": {"id": people[1]}}]}
    twin.post("/crm/v4/associations/tickets/contacts/batch/associate/default", link)
    merge = {"primaryObjectId": people[0], "objectIdToMerge": people[1]}
    assert twin.post("/crm/v3/objects/contacts/merge", merge).status_code == 200
    twin.batch("archive", [{"id": tickets[1]}])
    replayed = new_portal()
    for _, apply in Journal(path).events():
        apply(replayed)
    assert state(replayed) == state(twin.portal)
    again = [p.create("0-5", TICKET, at=twin.now[0], source=SOURCE) for p in (replayed, twin.portal)]
    assert again[0] == again[1]


def test_a_cut_last_line_is_dropped_and_the_next_one_is_whole(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"at":"2026-11-16T08:00:00+00:00","method":"cre')
    twin = serve(journal=path)
    twin.batch("create", [{"properties": TICKET}])
    twin.batch("create", [{"properties": TICKET}, {"properties": {}}])  # refused as a whole: no line
    assert [at.isoformat() for at, _ in Journal(path).events()] == ["2026-11-16T08:00:00+00:00"]


def test_an_answer_lost_after_the_commit_is_in_the_journal(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    twin = serve(journal=path)
    twin.post("/_twin/faults", [{"status": 502, "after_commit": True}])
    assert twin.batch("create", [{"properties": TICKET}]).status_code == 502
    assert len(list(Journal(path).events())) == 1
