"""Names behind ids, over pages, inactive ones too."""

from collections.abc import Callable
from typing import Any

from plugins.cxone.client import CxoneClient
from plugins.cxone.lookups import Channel, Lookups, Queue, Skill


def test_a_disposition_that_the_list_leaves_out_is_asked_for_once(scripted: Any) -> None:
    scripted.acd("dispositions", {"totalRecords": 1, "dispositions": [{"dispositionId": 7, "dispositionName": "Sale"}]})
    scripted.acd("dispositions/9", {"dispositionId": 9, "dispositionName": "Retired"})
    lookups = Lookups(scripted.client())
    assert [lookups.disposition(i) for i in ("7", "9", "9", "8", "8", "0", None)] == [
        "Sale",
        "Retired",
        "Retired",
        None,
        None,
        None,
        None,
    ]
    assert len(scripted.asked("/incontactapi/services/v30.0/dispositions/9")) == 1
    assert len(scripted.asked("/incontactapi/services/v30.0/dispositions/8")) == 1


def test_skills_agents_and_queues(scripted: Any) -> None:
    skills = [
        {"skillId": 1, "skillName": "A", "acwTypeId": 1},
        {"skillId": "2", "skillName": "B", "acwTypeId": 3},
    ]
    scripted.acd("skills", {"totalRecords": 2, "skills": skills})
    scripted.acd("agents", {"totalRecords": 1, "agents": [{"agentId": 5, "userId": "ABC-1"}]})
    scripted.dfo("routing-queues", {"hits": 1, "data": [{"id": "q1", "name": "Queue", "skillId": 2}]})
    scripted.dfo(
        "channels",
        [{"id": "chat_1", "name": "Web", "channelType": "chat"}, {"id": "email_2", "name": "Mail"}],
    )
    lookups = Lookups(scripted.client())
    assert lookups.skills == {
        "1": Skill("A", has_acw=False, screen_pops=True),
        "2": Skill("B", has_acw=True, screen_pops=True),
    }
    assert (lookups.agent_uuids, lookups.agent_ids) == ({"5": "abc-1"}, {"abc-1": "5"})
    assert lookups.queues == {"q1": Queue("Queue", "2")}
    assert lookups.channels == {"chat_1": Channel("Web", "chat"), "email_2": Channel("Mail", None)}


def test_the_twins_inactive_disposition_has_a_name(twin_client: Callable[..., CxoneClient]) -> None:
    lookups = Lookups(twin_client())
    assert lookups.disposition("1190") == "Altbestand (nicht verwenden)"
    assert lookups.tags["1"] == "VIP"
    assert len(lookups.agent_uuids) == len(lookups.agent_ids) >= 60
