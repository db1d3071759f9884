from sandbox.interactions import Edit
from sandbox.world import World
from tests.sandbox.conftest import make_world


def due_of(world: World) -> dict[str, int]:
    due = {leg.ticket_id: leg.due for leg in world.legs.values() if leg.ticket_id and leg.due}
    for case in world.cases.values():
        last = [leg.due for leg in case.legs if leg.due]
        if case.ticket_id and last and last[-1]:
            due[case.ticket_id] = last[-1]
    return {key: at for key, at in due.items() if key}


def test_people_edit_one_percent_mostly_after_the_write() -> None:
    world = make_world(interactions=1500, days=3)
    due = due_of(world)
    tickets = [edit for edit in world.edits if edit.type_id == "0-5" and edit.user_id]
    assert 0.005 < len(tickets) / len(due) < 0.016
    before = [edit for edit in tickets if edit.at < due[edit.record_id]]
    assert 0 < len(before) < len(tickets) / 2
    assert {edit.property for edit in before} == {"cxone_disposition_notes"}
    assert any(edit.value == "" for edit in tickets) and any(edit.append for edit in tickets)


def test_an_edit_carries_its_person_and_a_workflow_carries_none(world: World) -> None:
    def entry(edit: Edit) -> dict[str, object]:
        history = world.portal.record(edit.type_id, edit.record_id).history[edit.property]
        return next(e for e in history if e["sourceType"] in ("CRM_UI", "AUTOMATION_PLATFORM"))

    done = [edit for edit in world.edits if edit.at < world.clock.ms() and edit.value not in ("", None)]
    person = entry(next(edit for edit in done if edit.user_id))
    assert person["sourceType"] == "CRM_UI" and person["sourceId"] == f"userId:{person['updatedByUserId']}"
    workflow = entry(next(edit for edit in done if not edit.user_id))
    assert (workflow["sourceType"], workflow["updatedByUserId"]) == ("AUTOMATION_PLATFORM", None)


def test_workflows_touch_only_what_nobody_maps(world: World) -> None:
    assert {edit.property for edit in world.edits if not edit.user_id} <= {
        "hs_ticket_priority",
        "lifecyclestage",
    }
