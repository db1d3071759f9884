"""Rules about the account and its record types, and that each fact which is absent names the rules it leaves open."""

from typing import Any

import pytest

from memorialization.lint.registry import RULES
from tests.memorialization.lint.conftest import Breach, Broken, Change, Facts


def moved(name: str, list_: str) -> Facts:
    """A ticket's property that the token cannot see any more, for a reason it can list."""

    def change(facts: dict[str, Any]) -> None:
        ticket = facts["portal"]["record_types"]["Ticket"]
        del ticket["properties"][name]
        ticket[list_] = [name]

    return change


BROKEN: list[Breach] = [
    ("MEM201", ("voice.yaml", "entity: Ticket", "entity: Tiket"),
     lambda facts: facts["portal"].update(unknown_record_types=["Tiket"]),
     ["MEM201 voice.yaml:16 Tiket"]),
    ("MEM205", None, moved("cxone_ani", "sensitive"), ["MEM205 voice.yaml:21 cxone_ani"]),
    ("MEM206", None, moved("cxone_ani", "archived"), ["MEM206 voice.yaml:21 cxone_ani"]),
    ("MEM206", ("digital.yaml", "subject: CXone interaction,", "subject: CXone interaction, old: x,"),
     lambda facts: facts["portal"]["record_types"]["Ticket"].update(archived=["old"]),
     ["MEM206 digital.yaml:19 old"]),
    ("MEM205", ("dynamic/customer_card.yaml", "[firstname", "[iban"),
     lambda facts: facts["portal"]["record_types"]["Contact"].update(sensitive=["iban"]),
     ["MEM205 dynamic/customer_card.yaml:5 iban"]),
    ("MEM601", None, lambda facts: facts["portal"]["scopes"].remove("tickets"), ["MEM601 digital.yaml:16 tickets"]),
    ("MEM601", ("dynamic/customer_card.yaml", "entity: Company", "entity: Deal"), None,
     ["MEM601 dynamic/customer_card.yaml:6 crm.objects.deals.read"]),
    ("MEM602", ("crm.yaml", "4711001", "4711002"), None, ["MEM602 crm.yaml:9 4711002"]),
]  # fmt: skip


@pytest.mark.parametrize(("code", "file", "facts", "expected"), BROKEN)
def test_a_breach_is_found_at_its_line(
    acme: Broken, code: str, file: Change | None, facts: Facts | None, expected: list[str]
) -> None:
    acme.breaks(code, file, facts, expected)


@pytest.mark.parametrize(
    ("list_", "what", "cure"),
    [
        ("sensitive", "property 'cxone_ani' is sensitive, and hidden from the token.", "Map to another one."),
        ("archived", "property 'cxone_ani' is archived.", "Restore it in HubSpot, or map to another one."),
    ],
)
def test_why_a_property_cannot_be_seen_is_told(acme: Broken, list_: str, what: str, cure: str) -> None:
    acme.facts(moved("cxone_ani", list_))
    (problem,) = [f.problem for f in acme.lint().findings if f.problem.value == "cxone_ani"]
    assert (problem.what, problem.cure, problem.hint) == (what, cure, "")


def test_a_missing_scope_is_named_once_with_its_record_type(acme: Broken) -> None:
    acme.facts(lambda facts: facts["portal"].update(scopes=["crm.objects.contacts.read", "crm.objects.companies.read"]))
    found = [f for f in acme.lint().findings if f.code == "MEM601"]
    assert [(f.path.name, f.problem.what) for f in found] == [
        ("digital.yaml", "the token lacks the scope crm.objects.contacts.write, which Contact needs."),
        ("digital.yaml", "the token lacks the scope tickets, which Ticket needs."),
    ]


def test_a_rule_without_its_facts_is_never_ok(acme: Broken) -> None:
    (acme.folder / "snapshot.json").unlink()
    result = acme.lint()
    assert {item.code for _, item in result.not_checked} == {rule.code for rule in RULES.values() if rule.needs}
    assert not {finding.code for finding in result.findings} & {rule.code for rule in RULES.values() if rule.needs}


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (lambda facts: facts.pop("tenant"), {"MEM105", "MEM106", "MEM209", "MEM502"}),
        (lambda facts: facts.pop("transcript_lengths"), {"MEM211"}),
        (lambda facts: facts["portal"].pop("scopes"), {"MEM601"}),
        (lambda facts: facts["portal"].pop("pipelines"), {"MEM213"}),
        (lambda facts: facts["portal"]["record_types"]["Ticket"].pop("sensitive"), {"MEM205"}),
        (lambda facts: facts["portal"]["record_types"]["Ticket"].pop("archived"), {"MEM206"}),
        (lambda facts: facts["portal"]["record_types"]["Ticket"]["properties"]["cxone_disposition"].pop("options"),
         {"MEM209"}),
    ],
)  # fmt: skip
def test_each_absent_fact_names_its_rules(acme: Broken, change: Facts, codes: set[str]) -> None:
    acme.facts(change)
    assert {item.code for _, item in acme.lint().not_checked} == codes


def test_a_record_type_without_facts_is_not_checked(acme: Broken) -> None:
    acme.facts(lambda facts: facts["portal"]["record_types"].pop("Ticket"))
    result = acme.lint()
    assert {item.lacks for _, item in result.not_checked} == {
        "record types of Ticket", "properties of Ticket", "sensitive properties of Ticket",
        "archived properties of Ticket", "dispositions of Ticket", "length quantiles of Ticket", "pipelines of Ticket",
    }  # fmt: skip
    assert {"MEM202", "MEM209", "MEM211", "MEM213"} <= {item.code for _, item in result.not_checked}


def test_a_record_type_nobody_knows_needs_no_scope_yet_and_may_be_a_slip(acme: Broken) -> None:
    acme.change("voice.yaml", "entity: Ticket", "entity: Tiket")
    result = acme.lint()
    assert "MEM601" not in [f.code for f in result.findings]
    assert "scopes for Tiket, which these facts do not know" in [item.lacks for _, item in result.not_checked]
    acme.facts(lambda facts: facts["portal"].update(unknown_record_types=["Tiket"]))
    (problem,) = [f.problem for f in acme.lint().findings if f.code == "MEM201"]
    assert problem.hint == "Did you mean 'Ticket'?"
