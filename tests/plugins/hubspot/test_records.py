from typing import TYPE_CHECKING

from memorialization.ports import Entity, RecordStore

if TYPE_CHECKING:
    from plugins.hubspot.records import HubSpotStore


def test_the_store_fulfils_the_port(twin):
    store: HubSpotStore = twin.store()
    port: RecordStore = store  # the type checker compares the signatures
    assert {name for name in vars(RecordStore) if not name.startswith("_")} <= set(dir(port))


def test_usage_counts_what_the_twin_counts(twin):
    store = twin.store()
    ticket = twin.create("0-5", {"subject": "x"})
    entity = Entity("Ticket", "0-5")
    store.read(entity, [ticket], ["subject"])
    store.search(entity, {"subject": ["x"]}, ["subject"])
    usage = store.usage()
    assert usage.calls == {"batch/read": 1, "properties": 1, "property-validations": 1, "search": 1}
    assert sum(twin.requests().values()) == 4
    assert (usage.daily_limit, usage.daily_remaining, usage.throttled) == (625_000, 624_996, 0)
