from plugins.hubspot.facts import portal_facts


def test_properties_scopes_and_pipelines_and_what_the_portal_does_not_know(twin):
    facts = portal_facts(twin.client(), ["Ticket", "Tiket"])
    assert (facts.account_id, facts.unknown_record_types, list(facts.record_types)) == (4711001, ("Tiket",), ["Ticket"])
    ticket = facts.record_types["Ticket"]
    assert ticket.properties["cxone_transcript"].max_length == 4000
    assert ticket.properties["cxone_contact_id"].unique
    assert ticket.properties["cxone_direction"].options == (("inbound", "Inbound"), ("Outbound", "Outbound"))
    assert (ticket.archived, ticket.sensitive) == ((), ())
    assert facts.scopes is not None and "tickets" in facts.scopes
    assert facts.pipelines["Ticket"]["0"].stages["1"]


def test_a_record_type_that_the_token_may_not_read_is_not_known_and_hides_no_other(twin):
    facts = portal_facts(twin.client(), ["Deal", "Ticket"])
    assert facts.scopes is not None and "crm.objects.deals.read" not in facts.scopes
    assert (list(facts.record_types), facts.unknown_record_types) == (["Ticket"], ())


def test_a_sensitive_property_is_known_by_name_only(twin):
    twin.portal.define("0-5", {"name": "diagnosis", "dataSensitivity": "sensitive"})
    ticket = portal_facts(twin.client(), ["Ticket"]).record_types["Ticket"]
    assert ticket.sensitive == ("diagnosis",) and "diagnosis" not in ticket.properties


def test_what_the_token_may_not_list_is_not_known(twin):
    twin.order({"match": "pipelines", "status": 403})
    assert portal_facts(twin.client(), ["Ticket"]).pipelines == {}
