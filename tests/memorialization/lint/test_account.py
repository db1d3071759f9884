import pytest

from memorialization.lint.account import needed_scopes


def test_each_scope_is_named_once_with_the_first_record_type_that_needs_it() -> None:
    assert needed_scopes(["Contact", "Ticket", "Call", "Deal"], writes=True) == {
        "crm.objects.contacts.read": "Contact",
        "crm.objects.contacts.write": "Contact",
        "tickets": "Ticket",
        "crm.objects.deals.read": "Deal",
        "crm.objects.deals.write": "Deal",
    }


def test_who_does_not_write_needs_no_scope_to_write() -> None:
    assert needed_scopes(["Company", "Ticket"], writes=False) == {
        "crm.objects.companies.read": "Company",
        "tickets": "Ticket",
    }


@pytest.mark.parametrize("engagement", ["Call", "Note", "Communication", "Task", "Meeting", "Email"])
def test_engagements_go_by_the_scopes_of_contacts(engagement: str) -> None:
    assert list(needed_scopes([engagement], writes=True)) == ["crm.objects.contacts.read", "crm.objects.contacts.write"]


def test_any_other_name_is_a_custom_objects() -> None:
    assert needed_scopes(["Maschine"], writes=True) == {
        "crm.objects.custom.read": "Maschine",
        "crm.objects.custom.write": "Maschine",
    }
