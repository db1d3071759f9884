from sandbox.catalogue import DISPOSITIONS
from sandbox.world import World


def test_the_tenants_properties(world: World) -> None:
    tickets, contacts = world.portal.store("0-5").properties, world.portal.store("0-1").properties
    assert sum(name.startswith("cxone_") for name in tickets) == 30
    assert sum(name.startswith("cxone_") for name in contacts) == 8
    assert [name for name, p in tickets.items() if p.unique and name != "hs_object_id"] == ["cxone_contact_id"]
    assert (tickets["cxone_transcript"].max_length, contacts["cxone_last_transcript"].max_length) == (
        4000,
        None,
    )
    assert (tickets["cxone_ani"].type, tickets["cxone_ani"].field_type) == ("string", "phonenumber")
    assert tickets["cxone_direction"].options == ("inbound", "outbound", "internal")


def test_every_disposition_is_an_option_the_inactive_one_hidden(world: World) -> None:
    disposition = world.portal.store("0-1").properties["cxone_last_disposition"]
    assert disposition.options == tuple(d.name for d in DISPOSITIONS)
    options = disposition.item["options"]
    assert isinstance(options, list)
    assert [o["value"] for o in options if o["hidden"]] == ["Altbestand (nicht verwenden)"]
