from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hubspot.crm.objects import (
    BatchInputSimplePublicObjectBatchInputUpsert,
    BatchReadInputSimplePublicObjectId,
    SimplePublicObjectBatchInputUpsert,
    SimplePublicObjectId,
)

if TYPE_CHECKING:
    from tests.sandbox.hubspot.conftest import Twin


def key(value: str, **properties: Any) -> dict[str, Any]:
    return {"id": value, "idProperty": "cxone_contact_id", "properties": properties}


NEW = {"subject": "s", "hs_pipeline": "0", "hs_pipeline_stage": "1"}


def test_the_official_sdk_upserts_and_reads(twin: Twin) -> None:
    held = twin.ticket("100")
    batch_api = twin.sdk().crm.objects.batch_api
    inputs = [
        SimplePublicObjectBatchInputUpsert(
            id=contact_id,
            id_property="cxone_contact_id",
            properties={**NEW, "cxone_skill_id": "7", "cxone_final_state": "true"},
            object_write_trace_id=f"t{contact_id}",
        )
        for contact_id in ("100", "200")
    ]
    done = batch_api.upsert("tickets", BatchInputSimplePublicObjectBatchInputUpsert(inputs=inputs))
    assert {row.object_write_trace_id: row.new for row in done.results} == {"t100": False, "t200": True}
    wanted = BatchReadInputSimplePublicObjectId(
        inputs=[SimplePublicObjectId(id="100")],
        id_property="cxone_contact_id",
        properties=["cxone_skill_id", "cxone_topics", "cxone_typo", "cxone_final_state"],
        properties_with_history=["cxone_skill_id"],
    )
    row = batch_api.read("0-5", wanted).results[0]
    assert row.id == held
    assert row.properties == {
        "createdate": "2026-11-16T08:00:00Z",
        "cxone_final_state": "true",
        "cxone_skill_id": "7",
        "cxone_topics": None,
        "hs_lastmodifieddate": "2026-11-16T08:00:00Z",
        "hs_object_id": held,
    }
    assert list(row.properties) == sorted(row.properties)
    history = row.properties_with_history["cxone_skill_id"]
    assert [(entry.value, entry.source_type) for entry in history] == [("7", "INTEGRATION")]
    assert history[0].source_id.isdecimal()


@pytest.mark.parametrize("name", ["tickets", "ticket", "TICKET", "0-5"])
@pytest.mark.parametrize("form", ["/crm/v3/objects/{}/batch/read", "/crm/objects/2026-09/{}/batch/read"])
def test_every_spelling_of_a_type_in_both_path_forms(twin: Twin, name: str, form: str) -> None:
    record_id = twin.ticket("100")
    answer = twin.post(form.format(name), {"inputs": [{"id": record_id}], "properties": ["subject"]})
    assert answer.status_code == 200
    assert answer.json()["results"][0]["properties"]["subject"] == "Call 100"


def test_results_are_permuted_the_same_way_for_the_same_seed(twin: Twin, serve: Any) -> None:
    orders = []
    for one in (twin, serve()):
        ids = [one.ticket(str(number)) for number in range(20)]
        results = one.batch("read", [{"id": record_id} for record_id in ids]).json()["results"]
        got = [row["id"] for row in results]
        assert sorted(got) == sorted(ids)
        assert got != ids
        orders.append([ids.index(record_id) for record_id in got])
    assert orders[0] == orders[1]


def test_two_results_never_keep_their_order(twin: Twin) -> None:
    ids = [twin.ticket("1"), twin.ticket("2")]
    for _ in range(5):
        results = twin.batch("read", [{"id": record_id} for record_id in ids]).json()["results"]
        assert [row["id"] for row in results] == ids[::-1]


def test_one_invalid_value_without_traces_refuses_all_and_names_no_record(twin: Twin) -> None:
    inputs = [key("1", **NEW), key("2", **NEW, cxone_typo="x"), key("3", **NEW, cxone_disposition="Solved")]
    answer = twin.batch("upsert", inputs)
    body = answer.json()
    assert (answer.status_code, body["category"]) == (400, "VALIDATION_ERROR")
    assert [(e["code"], e["context"]) for e in body["errors"]] == [
        ("PROPERTY_DOESNT_EXIST", {"propertyName": ["cxone_typo"]}),
        ("INVALID_OPTION", {"propertyName": ["cxone_disposition"]}),
    ]
    assert body["message"].startswith('Property values were not valid: [{"isValid":false,')
    assert body["correlationId"] == answer.headers["x-hubspot-correlation-id"]
    assert twin.portal.find("0-5", "cxone_contact_id", "1") == []


def test_with_a_trace_each_the_valid_ones_are_written(twin: Twin) -> None:
    inputs = [
        key("1", **NEW) | {"objectWriteTraceId": "a"},
        key("2", **NEW, cxone_transcript="😀" * 2001) | {"objectWriteTraceId": "b"},
        key("3", **NEW, hs_object_id="5") | {"objectWriteTraceId": "c"},
    ]
    answer = twin.batch("upsert", inputs)
    body = answer.json()
    assert (answer.status_code, body["numErrors"], len(body["results"])) == (207, 2, 1)
    assert body["results"][0]["objectWriteTraceId"] == "a"
    by_trace = {e["context"]["objectWriteTraceId"][0]: e for e in body["errors"]}
    assert '"INVALID_LENGTH"' in by_trace["b"]["message"]
    assert '"READ_ONLY_VALUE"' in by_trace["c"]["message"]
    assert by_trace["b"]["category"] == "VALIDATION_ERROR"
    assert len(twin.portal.find("0-5", "cxone_contact_id", "1")) == 1


def test_a_trace_id_used_twice_is_no_trace(twin: Twin) -> None:
    inputs = [key(str(n), **NEW, cxone_skill_id=value) for n, value in ((1, "5"), (2, "x"))]
    answer = twin.batch("upsert", [item | {"objectWriteTraceId": "same"} for item in inputs])
    assert answer.status_code == 400
    assert twin.portal.find("0-5", "cxone_contact_id", "1") == []


def test_missing_ids_are_one_error_of_a_207(twin: Twin) -> None:
    record_id = twin.ticket("1")
    for verb, more in (("read", {}), ("update", {"properties": {"subject": "new"}})):
        answer = twin.batch(verb, [{"id": i, **more} for i in (record_id, "77", "88")])
        body = answer.json()
        assert (answer.status_code, body["numErrors"]) == (207, 1)
        assert body["errors"] == [
            {
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "message": "Could not get some TICKET objects, they may be deleted or not exist. "
                "Check that ids are valid.",
                "context": {"ids": ["77", "88"]},
            }
        ]
    assert twin.values("0-5", record_id)["subject"] == "new"


def test_duplicates_refuse_the_batch_with_or_without_traces(twin: Twin) -> None:
    answer = twin.batch("upsert", [key("1", **NEW) | {"objectWriteTraceId": t} for t in "ab"])
    assert answer.status_code == 400
    assert answer.json()["message"] == "Duplicate IDs found in batch input: [1]. IDs must be unique"
    assert answer.json()["context"] == {"ids": ["1"]}
    mails = [{"id": mail} for mail in ("A@x.de", "a@x.de")]
    assert twin.batch("read", mails, "contacts", idProperty="email").status_code == 400


@pytest.mark.parametrize(("type_", "name"), [("contacts", "phone"), ("tickets", "hs_object_id")])
def test_upsert_by_a_property_that_is_not_unique(twin: Twin, type_: str, name: str) -> None:
    answer = twin.batch("upsert", [{"id": "1", "idProperty": name, "properties": {}}], type_)
    assert answer.status_code == 400
    type_id = {"contacts": "0-1", "tickets": "0-5"}[type_]
    assert answer.json()["message"] == f"Unable to perform update/upsert by non-unique {type_id} property {name}"


@pytest.mark.parametrize(("count", "status"), [(100, 207), (101, 400)])
def test_a_batch_takes_100_inputs(twin: Twin, count: int, status: int) -> None:
    assert twin.batch("read", [{"id": str(n)} for n in range(count)]).status_code == status


@pytest.mark.parametrize(("count", "status"), [(50, 207), (51, 400)])
def test_a_read_with_history_takes_50_inputs(twin: Twin, count: int, status: int) -> None:
    inputs = [{"id": str(n)} for n in range(count)]
    assert twin.batch("read", inputs, propertiesWithHistory=["subject"]).status_code == status


def test_an_existing_email_is_a_conflict(twin: Twin) -> None:
    held = twin.contact(email="jane@example.com", hs_additional_emails="old@example.com")
    inputs = [{"properties": {"email": "OLD@example.com"}}, {"properties": {"email": "new@example.com"}}]
    plain = twin.batch("create", inputs, "contacts")
    assert (plain.status_code, plain.json()["category"]) == (409, "CONFLICT")
    assert plain.json()["message"] == f"Contact already exists. Existing ID: {held}"
    traced = twin.batch("create", [i | {"objectWriteTraceId": str(n)} for n, i in enumerate(inputs)], "contacts")
    assert traced.status_code == 207
    assert traced.json()["errors"][0]["context"] == {"objectWriteTraceId": ["0"], "existingId": [held]}
    assert traced.json()["results"][0]["properties"]["email"] == "new@example.com"
    twice = [{"properties": {"email": mail}} for mail in ("x@example.com", "X@example.com")]
    assert twin.batch("create", twice, "contacts").status_code == 409
    assert twin.portal.find("0-1", "email", "x@example.com") == []


def test_additional_and_merged_emails_lead_to_one_contact(twin: Twin) -> None:
    held = twin.contact(email="jane@example.com", hs_additional_emails="old@example.com")
    gone = twin.contact(email="jd@example.com")
    twin.portal.merge("0-1", held, gone, at=twin.now[0])
    inputs = [{"id": mail} for mail in ("JANE@example.com", "old@example.com", "jd@example.com")]
    rows = twin.batch("read", inputs, "contacts", idProperty="email").json()["results"]
    assert [row["id"] for row in rows] == [held]
    upserted = twin.batch(
        "upsert",
        [{"id": "JD@example.com", "idProperty": "email", "properties": {"firstname": "J"}}],
        "contacts",
    ).json()["results"][0]
    assert (upserted["id"], upserted["new"]) == (held, False)
    assert twin.values("0-1", held)["email"] == "jane@example.com"
    assert twin.batch("read", [{"id": gone}], "contacts").json()["results"][0]["id"] == held


def test_empty_clears_null_does_nothing_unchanged_leaves_no_history(twin: Twin) -> None:
    record_id = twin.ticket("1", content="long", cxone_skill_id="5")
    twin.move(minutes=1)
    properties = {"content": "", "cxone_skill_id": None, "subject": "Call 1"}
    row = twin.batch("update", [{"id": record_id, "properties": properties}]).json()["results"][0]
    assert row["properties"] == {
        "content": None,
        "createdate": "2026-11-16T08:00:00Z",
        "cxone_skill_id": "5",
        "hs_lastmodifieddate": "2026-11-16T08:01:00Z",
        "hs_object_id": record_id,
        "subject": "Call 1",
    }
    history = twin.portal.record("0-5", record_id).history
    assert [entry["value"] for entry in history["content"]] == ["", "long"]
    assert len(history["subject"]) == len(history["cxone_skill_id"]) == 1


def test_values_are_stored_as_strings_in_hubspots_spelling(twin: Twin) -> None:
    written = {
        "cxone_skill_id": 42,
        "cxone_final_state": True,
        "cxone_start_time": 1_718_618_400_000,
        "cxone_callback_date": "1718582400000",
        "cxone_disposition": "old",
        "cxone_topics": ";b;a",
    }
    row = twin.batch("upsert", [key("1", **NEW, **written)]).json()["results"][0]["properties"]
    assert {name: row[name] for name in written} == {
        "cxone_skill_id": "42",
        "cxone_final_state": "true",
        "cxone_start_time": "2024-06-17T10:00:00Z",
        "cxone_callback_date": "2024-06-17",
        "cxone_disposition": "old",
        "cxone_topics": "b;a",
    }


def test_a_new_ticket_needs_pipeline_stage_and_subject(twin: Twin) -> None:
    body = twin.batch("upsert", [key("1", subject="s", hs_pipeline="0")]).json()
    assert [(e["code"], e["context"]) for e in body["errors"]] == [
        ("MISSING_REQUIRED_PROPERTY", {"propertyName": ["hs_pipeline_stage"]})
    ]


def test_a_unique_value_of_another_record_is_refused(twin: Twin) -> None:
    held = twin.ticket("1")
    other = twin.ticket("2")
    body = twin.batch("update", [{"id": other, "properties": {"cxone_contact_id": "1"}}]).json()
    assert body["errors"][0]["code"] == "CONFLICTING_UNIQUE_VALUE"
    assert held in body["errors"][0]["message"]


def test_lifecyclestage_moves_forward_only_until_cleared(twin: Twin) -> None:
    record_id = twin.contact(lifecyclestage="customer")
    stages = []
    for stage in ("lead", "evangelist", "", "lead"):
        twin.batch("update", [{"id": record_id, "properties": {"lifecyclestage": stage}}], "contacts")
        stages.append(twin.values("0-1", record_id).get("lifecyclestage"))
    assert stages == ["customer", "evangelist", None, "lead"]


def test_archived_records_are_read_with_archived_true_only(twin: Twin) -> None:
    record_id = twin.ticket("1")
    assert twin.batch("archive", [{"id": record_id}, {"id": "404"}]).status_code == 204
    assert twin.batch("read", [{"id": record_id}]).status_code == 207
    path = "/crm/v3/objects/tickets/batch/read?archived=true"
    row = twin.post(path, {"inputs": [{"id": record_id}]}).json()["results"][0]
    assert (row["archived"], row["archivedAt"]) == (True, "2026-11-16T08:00:00Z")
    assert twin.batch("upsert", [key("1", **NEW)]).json()["results"][0]["new"] is True


def test_the_wrong_shape_has_no_category(twin: Twin) -> None:
    bodies: list[Any] = [[], {"inputs": {}}, {"inputs": [{"id": {}}]}, {"inputs": [key("1", subject=["x"])]}]
    for body in bodies:
        answer = twin.post("/crm/v3/objects/tickets/batch/upsert", body)
        assert answer.status_code == 400
        assert answer.json()["message"].startswith("Invalid input JSON on line 1")
        assert "category" not in answer.json()


def test_create_links_the_new_record(twin: Twin) -> None:
    person = twin.contact(email="a@example.com")
    link = {
        "to": {"id": person},
        "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 16}],
    }
    answer = twin.batch("create", [{"properties": NEW, "associations": [link]}])
    assert answer.status_code == 201
    ticket = answer.json()["results"][0]["id"]
    assert twin.portal.associations("0-5", ticket, "0-1") == [(person, 16)]


def test_a_custom_object_upserts_by_its_own_key(twin: Twin) -> None:
    item = {"id": "v1", "idProperty": "visit_key", "properties": {}}
    for name in ("2-100", "p4711001_visit"):
        assert twin.batch("upsert", [item], name).status_code == 200
    answer = twin.batch("upsert", [item], "visits")
    assert answer.json()["message"] == "Unable to infer object type from: visits"
    assert "category" not in answer.json()
