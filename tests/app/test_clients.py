"""The limits belong to the HubSpot account: configurations of one portal share them, those of another never do."""

import shutil
from pathlib import Path

import pytest

from app.clients import hubspot_limits
from memorialization.configuration import Configuration, load
from memorialization.errors import QuotaExhausted
from memorialization.ledger import Ledger
from tests.app.command import replace

pytestmark = pytest.mark.slow


@pytest.fixture
def portals(acme: Path) -> tuple[Configuration, Configuration, Configuration]:
    """Two configurations of the portal 4711901, which no other test has, and one of 4711902."""
    for name in ("sales", "other"):
        shutil.copytree(acme, acme.parent / name)
    for name, portal in (("acme", 4711901), ("sales", 4711901), ("other", 4711902)):
        replace(acme.parent / name / "crm.yaml", "account_id: 4711001", f"account_id: {portal}")
    one, two, three = (load(acme.parent, name) for name in ("acme", "sales", "other"))
    return one, two, three


def test_one_account_is_one_budget_and_two_are_two(
    portals: tuple[Configuration, Configuration, Configuration], ledger: Ledger
) -> None:
    acme, sales, other = portals
    for configuration in portals:
        with hubspot_limits(configuration).call():
            pass
    accounts = [row["account"] for row in ledger.rows("select account from quotas order by 1")]
    assert accounts == ["hubspot:4711901", "hubspot:4711902"]

    hubspot_limits(acme).keep_day(250_000, 0)
    with pytest.raises(QuotaExhausted), hubspot_limits(sales).call():
        pass
    with hubspot_limits(other).call():
        pass
