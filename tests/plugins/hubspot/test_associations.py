from memorialization.ports import Entity

CONTACT, COMPANY, TICKET = Entity("Contact", "0-1"), Entity("Company", "0-2"), Entity("Ticket", "0-5")


def test_the_primary_one_comes_first_and_every_record_is_told(twin):
    first, second = (twin.create("0-2", {"name": name}) for name in ("First", "Second"))
    low, high = sorted((first, second), key=int)
    tickets = [twin.create("0-5", {"subject": f"T{n}"}) for n in range(3)]
    twin.portal.associate("0-5", tickets[0], "0-2", low, 339, at=twin.now)
    twin.portal.associate("0-5", tickets[0], "0-2", high, 339, at=twin.now)
    twin.portal.associate("0-5", tickets[0], "0-2", high, 26, at=twin.now)
    twin.portal.associate("0-5", tickets[1], "0-2", low, 339, at=twin.now)
    assert twin.store().associated(TICKET, tickets, COMPANY) == {
        tickets[0]: [high, low],
        tickets[1]: [low],
        tickets[2]: [],
    }
    assert twin.store().associated(TICKET, tickets, COMPANY, primary=True) == {
        tickets[0]: [high],
        tickets[1]: [low],
        tickets[2]: [],
    }


def test_without_any_association(twin):
    ada = twin.create("0-1", {"email": "ada@example.com"})
    assert twin.store().associated(CONTACT, [ada], TICKET) == {ada: []}
    assert twin.store().associated(CONTACT, [], TICKET) == {}
