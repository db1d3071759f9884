import pytest

from memorialization.errors import AuthenticationError, ConfigurationError, ServiceUnavailable
from memorialization.ports import Account, Entity, Pipeline, Property
from sandbox.hubspot.kinds import Kind

TICKET = Entity("Ticket", "0-5")


def test_account_and_scopes(twin):
    store = twin.store()
    assert store.account() == Account(4711001, "Europe/Berlin", "app-eu1.hubspot.com")
    scopes = store.scopes()
    assert scopes is not None
    assert {"tickets", "oauth", "crm.objects.contacts.write"} <= scopes


def test_scopes_that_cannot_be_told(twin):
    twin.order({"match": "access-token-info", "status": 404})
    assert twin.store().scopes() is None


def test_a_refused_token_is_no_missing_scope(twin):
    with pytest.raises(AuthenticationError):
        twin.store(token="pat-wrong").scopes()


def test_standard_types_cost_no_call(twin):
    assert twin.store().entity("Contact") == Entity("Contact", "0-1")
    assert twin.store().entity("Communication") == Entity("Communication", "0-18")
    assert twin.requests() == {}


def test_a_custom_object_goes_by_its_label(twin):
    twin.portal.scopes = twin.portal.scopes | {"crm.schemas.custom.read"}
    twin.portal.define_kind(Kind("2-4711", "machines", "machine", "name", "custom"))
    store = twin.store()
    label = next(name for name in ("Machine", "machine") if name in _known(store))
    assert store.entity(label) == Entity(label, "2-4711")


def _known(store):
    with pytest.raises(ConfigurationError) as caught:
        store.entity("nothing of that name")
    return str(caught.value)


def test_an_unknown_type_names_the_known_ones_even_without_the_custom_scope(twin):
    assert _known(twin.store()) == (
        "HubSpot has no record type 'nothing of that name'. Name one of: Call, Communication, Company, "
        "Contact, Deal, Email, Lead, Meeting, Note, Task, Ticket."
    )


def test_a_broken_answer_is_no_absence_of_custom_objects(twin):
    twin.order({"match": "schemas", "status": 503, "times": 99})
    with pytest.raises(ServiceUnavailable):
        twin.store().entity("Machine")


def test_properties_with_their_rules(twin):
    store = twin.store()
    properties = store.properties(TICKET)
    assert properties["cxone_transcript"] == Property(
        "cxone_transcript", "cxone_transcript", "string", "textarea", max_length=4000
    )
    assert properties["cxone_contact_id"].unique
    assert properties["cxone_direction"].options == (("inbound", "Inbound"), ("Outbound", "Outbound"))
    assert properties["hs_object_id"].read_only
    assert properties["subject"].max_length is None
    assert store.properties(TICKET) is properties
    assert sum(twin.requests().values()) == 2


def test_sensitive_properties_are_absent(twin):
    twin.portal.define("0-5", {"name": "diagnosis", "dataSensitivity": "sensitive"})
    assert "diagnosis" not in twin.store().properties(TICKET)


def test_pipelines_come_with_their_stages(twin):
    assert twin.store().pipelines(TICKET) == {
        "0": Pipeline("Support Pipeline", {"1": "New", "2": "Waiting on contact", "3": "Waiting on us", "4": "Closed"})
    }


def test_pipelines_that_the_token_may_not_list_are_not_known(twin):
    twin.order({"match": "pipelines", "status": 403})
    assert twin.store().pipelines(TICKET) is None


def test_a_portal_that_does_not_answer_is_no_portal_without_pipelines(twin):
    twin.order({"match": "pipelines", "status": 503, "times": 99})
    with pytest.raises(ServiceUnavailable):
        twin.store().pipelines(TICKET)
