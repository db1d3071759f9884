import httpx
import pytest

from memorialization.crm import Probed
from memorialization.errors import ConfigurationError, PermissionMissing
from memorialization.ports import Account
from plugins.hubspot.probe import LeftBehind, check_test_account, probe


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr("plugins.hubspot.probe.PAUSE", 0.0)


@pytest.fixture
def test_portal(twin):
    twin.portal.scopes = twin.portal.scopes | {"crm.schemas.contacts.write"}
    return twin


def leftovers(twin):
    live = [r for r in twin.portal.store("0-1").records.values() if not r.archived]
    named = [n for t in ("0-1", "0-48") for n in twin.portal.store(t).properties if "probe" in n]
    return live, named


@pytest.mark.parametrize("version", ["v3", "2026-09"])
def test_the_questions_are_answered_as_the_twin_behaves(test_portal, version):
    found = probe(test_portal.client(api_version=version))
    assert found == {
        "string_limit": 65_536,
        "character_unit": "utf16",
        "over_limit": {"status": 400, "category": "VALIDATION_ERROR", "code": "INVALID_LENGTH"},
        "request_bytes": 16_777_216,
        "over_request": None,
        "trims_text": False,
        "newlines": "kept",
        "unchanged_write_bumps_modified": False,
        "partial_upsert_by_email": "kept",
        "over_batch": {"status": 400, "category": "VALIDATION_ERROR", "code": None},
        "unique_on_engagements": True,
        "upsert_on_archived": "created",
    }
    Probed.model_validate({"at": "2026-11-23", "account_id": 4711001, "api_version": version, **found})


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        ({"status": 413, "body": "json"}, {"status": 413, "category": None, "code": None}),
        ({"status": 502, "times": 99}, {"status": 0, "category": None, "code": None}),
        ({"drop": True, "times": 99}, {"status": 0, "category": None, "code": None}),
    ],
)
def test_a_request_that_is_too_large_ends_the_growth(test_portal, fault, answer):
    client, tried = test_portal.client(), []
    plain = client.batch_update

    def updating(type_id, inputs):
        size = len(inputs[0]["properties"]["memorialize_probe_text"])
        tried.append(size)
        test_portal.order(*([{"match": "batch/update", **fault}] if size == 4_194_304 else []))
        try:
            return plain(type_id, inputs)
        finally:
            httpx.post(f"{test_portal.url}/_twin/faults", json=[]).raise_for_status()

    client.batch_update = updating
    found = probe(client)
    assert found["request_bytes"] == 2_097_152
    assert found["over_request"] == answer
    assert max(tried) == 4_194_304


def test_nothing_is_left_behind(test_portal):
    person = test_portal.create("0-1", {"email": "ada@example.com"})
    probe(test_portal.client())
    live, named = leftovers(test_portal)
    assert [record.id for record in live] == [person]
    assert named == []


def test_nothing_is_left_behind_either_when_it_breaks_off(test_portal):
    test_portal.order({"match": "batch/update", "status": 403, "body": "json", "times": 99})
    with pytest.raises(PermissionMissing):
        probe(test_portal.client())
    assert leftovers(test_portal) == ([], [])


def test_what_cannot_be_removed_is_named(test_portal):
    test_portal.order({"match": "batch/archive", "status": 403, "body": "json", "times": 99})
    with pytest.raises(LeftBehind, match="the contact probe-.*Archive them"):
        probe(test_portal.client())


def test_without_the_schema_scope_nothing_is_written(twin):
    with pytest.raises(PermissionMissing, match="crm.schemas.contacts.write"):
        probe(twin.client())
    assert leftovers(twin) == ([], [])


@pytest.mark.parametrize("kind", ["STANDARD", "APP_DEVELOPER", ""])
def test_a_real_account_is_refused(kind):
    with pytest.raises(ConfigurationError, match="DEVELOPER_TEST or SANDBOX only"):
        check_test_account(Account(1, "UTC", "app.hubspot.com", kind))


def test_a_test_account_may_be_probed(twin):
    twin.portal.account_type = "DEVELOPER_TEST"
    check_test_account(twin.store().account())
